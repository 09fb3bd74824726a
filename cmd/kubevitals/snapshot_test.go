package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestSnapshotIsServed takes a snapshot of the demonstration and serves it: what
// is alive in it looks alive by the clock of whoever scrapes, much later.
func TestSnapshotIsServed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "taken")
	code, stdout, stderr := runProgram(t, "snapshot", dir, "--demo", "--window=1s", "--log.level=error")
	if code != exitOK || !strings.Contains(stdout, "--snapshot="+dir) {
		t.Fatalf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	time.Sleep(2 * time.Second)

	ctx, stop := context.WithCancel(t.Context())
	out, w := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"--snapshot", dir, "--web.listen-address=127.0.0.1:0", "--log.level=error"}, w, io.Discard, func(*slog.Logger) {})
	}()
	var url string
	if _, err := fmt.Fscanf(out, "kubevitals serves %s\n", &url); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	renewed := regexp.MustCompile(`kubevitals_node_readiness_lease_renew_timestamp_seconds{node="worker-1"} (\S+)`)
	var age float64
	answers := regexp.MustCompile(`kubevitals_kubelet_available{.*node="worker-3",reason="unreachable"} 0`)
	deadline := time.Now().Add(30 * time.Second)
	for {
		body := scrape(t, url)
		if m := renewed.FindStringSubmatch(body); m != nil && answers.MatchString(body) {
			at, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			age = float64(time.Now().UnixMilli())/1000 - at
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not served:\n%s", body)
		}
		time.Sleep(200 * time.Millisecond)
	}
	// The demonstration renews leases every 10 s.
	if age < 0 || age > 20 {
		t.Errorf("a lease that is alive was renewed %.1f s ago", age)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
