package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestWritePair verifies that a ratio is that of kubevitals to the peer, of medians.
func TestWritePair(t *testing.T) {
	t.Parallel()
	scrapes := func(series int64, took ...time.Duration) (all []sample) {
		for _, d := range took {
			all = append(all, sample{took: d, series: series, whole: 3e6})
		}
		return all
	}
	r := pair{
		own:     contestant{scrapes: scrapes(50, 9*time.Second, 100*time.Millisecond, 50*time.Millisecond), resident: 100 << 20, peak: 150 << 20, start: 2 * time.Second, scraped: 300 * time.Millisecond},
		peer:    contestant{scrapes: scrapes(200, time.Second, 400*time.Millisecond, 300*time.Millisecond), resident: 800 << 20, peak: 900 << 20, start: 8 * time.Second, scraped: 1500 * time.Millisecond},
		cluster: 5 * time.Second,
	}
	var out bytes.Buffer
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"CPU of the cluster until all sources are available 5.0 s", "CPU until all sources are available, s 2.0 8.0 0.250", "CPU of a scrape, mean, ms 100 500 0.200",
		"series 50 200 0.250", "scrape, median, ms 100 400 0.250", "resident memory, MiB 100 800 0.125", "resident memory, peak, MiB 150 900 0.167",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in %s", want, got)
		}
	}
}

// TestFreePorts verifies that no port is given twice.
func TestFreePorts(t *testing.T) {
	t.Parallel()
	ports, err := freePorts(t.Context(), 2)
	if err != nil || len(ports) != 2 || ports[0] == ports[1] {
		t.Errorf("ports %v, error %v", ports, err)
	}
}
