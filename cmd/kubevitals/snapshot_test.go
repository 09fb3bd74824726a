package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestSnapshotIsServed takes a snapshot of the demonstration and serves it: what is
// alive in it goes on being alive by the clock of whoever scrapes.
func TestSnapshotIsServed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "taken")
	code, stdout, stderr := runProgram(t, "snapshot", dir, "--demo", "--window=1s", "--log.level=error")
	if code != exitOK || !strings.Contains(stdout, "--snapshot="+dir) {
		t.Fatalf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	page := serving(t, "--snapshot", dir)
	url := page + "metrics"
	answers := regexp.MustCompile(`kubevitals_kubelet_available{.*node="worker-3",reason="unreachable"} 0`)
	eventually(t, func() error {
		if body := fetch(t, url); !answers.MatchString(body) {
			return fmt.Errorf("nothing of a kubelet that does not answer in:\n%s", body)
		}
		return nil
	})
	taken := regexp.MustCompile(`a snapshot of (\S+);`).FindStringSubmatch(stdout)[1]
	eventually(t, func() error {
		shown := strings.ReplaceAll(fetch(t, page), "<wbr>", "") // where long names may break
		for _, want := range []string{`<time datetime="` + taken + `">` + strings.Replace(strings.TrimSuffix(taken, "Z"), "T", " ", 1) + ` UTC`, "time of the dump, by its manifest", dir} {
			if !strings.Contains(shown, want) {
				return fmt.Errorf("the page does not say %q:\n%s", want, shown)
			}
		}
		return nil
	})
	if shown := fetch(t, page+"?lang=zh-TW"); !strings.Contains(shown, "傾印的時間，依據：它的清單檔") {
		t.Errorf("the page in Chinese does not say what the time is by:\n%s", shown)
	}
	var first, later renewal
	eventually(t, func() (err error) { first, err = scrapeRenewal(t, url); return err })
	// The demonstration renews leases every 10 s.
	if first.most < 0 || first.least > 20*time.Second {
		t.Errorf("a lease that is alive was renewed %s to %s ago", first.least, first.most)
	}
	eventually(t, func() (err error) {
		if later, err = scrapeRenewal(t, url); err == nil && !later.at.After(first.at) {
			err = fmt.Errorf("the lease was renewed at %s, as it was before", later.at)
		}
		return err
	})
	if later.least > first.most || first.least > later.most {
		t.Errorf("a lease was renewed %s to %s ago, and later %s to %s", first.least, first.most, later.least, later.most)
	}
}

// renewal is when a lease was renewed, and between what times ago.
type renewal struct {
	at          time.Time
	least, most time.Duration
}

var renewedMetric = regexp.MustCompile(`kubevitals_node_readiness_lease_renew_timestamp_seconds{node="worker-1"} (\S+)`)

func scrapeRenewal(t *testing.T, url string) (renewal, error) {
	t.Helper()
	before := time.Now()
	body := fetch(t, url)
	after := time.Now()
	m := renewedMetric.FindStringSubmatch(body)
	if m == nil {
		return renewal{}, fmt.Errorf("no renewal of a lease in:\n%s", body)
	}
	seconds, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return renewal{}, err
	}
	at := time.UnixMicro(int64(seconds * 1e6))
	return renewal{at: at, least: before.Sub(at), most: after.Sub(at)}, nil
}
