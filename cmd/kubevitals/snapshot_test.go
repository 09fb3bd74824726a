package main

import (
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

	url := serving(t, "--snapshot", dir)
	renewed := regexp.MustCompile(`kubevitals_node_readiness_lease_renew_timestamp_seconds{node="worker-1"} (\S+)`)
	var age float64
	answers := regexp.MustCompile(`kubevitals_kubelet_available{.*node="worker-3",reason="unreachable"} 0`)
	deadline := time.Now().Add(2 * time.Minute)
	for {
		body := fetch(t, url+"metrics")
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
}
