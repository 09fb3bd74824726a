package collectors

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/revision"
)

func TestStaleReads(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	tracker := revision.New()
	for _, o := range []revision.Observation{
		{Server: "10.0.0.1:6443", Cached: 990, Written: 1000},
		{Server: "10.0.0.2:6443", Cached: 1000, Written: 1001},
		// etcd is restored; the first was restarted since.
		{Server: "10.0.0.1:6443", Cached: 500, Written: 510, TooLarge: true},
		{Server: "10.0.0.2:6443", Cached: 1001, Written: 511},
		{Server: "10.0.0.3:6443", Written: 512},
		{Server: "10.0.0.4:6443", Cached: 510, Written: 530},
	} {
		at = at.Add(5 * time.Second)
		o.At, o.Store, o.Mark = at, "cluster", tracker.Mark()
		tracker.Observe(o)
	}
	c := staleReadsCollector{func() revision.State { return tracker.State(at, time.Minute) }, true, sees}
	golden(t, staleReadsName, c, StaleReads().Metrics)
}

func TestStaleReadsSaysNothingUnlessItKnows(t *testing.T) {
	t.Parallel()
	tracker := revision.New()
	state := func() revision.State { return tracker.State(time.Now(), time.Minute) }
	for name, tt := range map[string]struct {
		probed bool
		want   error
	}{"nothing was written yet": {true, exporter.ErrNotReady}, "writes are not probed": {false, nil}} {
		ch := make(chan prometheus.Metric, 100)
		if err := (staleReadsCollector{state, tt.probed, sees}).Collect(t.Context(), ch); !errors.Is(err, tt.want) || len(ch) > 0 {
			t.Errorf("%s: %v and %d samples, want %v and none", name, err, len(ch), tt.want)
		}
	}
}

// TestDamagedStateFile verifies that kubevitals starts with a state file that holds
// no mark, or that it cannot write, and says so.
func TestDamagedStateFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mark.json")
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSources(t, &rest.Config{Host: "http://127.0.0.1:1"}, func(*sources.Config) {})
	tracker, _ := s.Revisions(file)
	c := staleReadsCollector{state: func() revision.State { return tracker.State(time.Now(), time.Hour) }, unavailable: sees}
	if text := string(scrapeText(t, staleReadsName, c, StaleReads().Metrics)); !strings.Contains(text, "kubevitals_stale_reads_state_file_damaged 1") {
		t.Error(text)
	}
	for where, want := range map[string]health.Reason{file: health.Available, filepath.Join(file, "below-a-file"): health.Failed} {
		s := newSources(t, &rest.Config{Host: "http://127.0.0.1:1"}, func(*sources.Config) {})
		s.Revisions(where)
		ctx, cancel := context.WithCancel(t.Context())
		s.Start(ctx)
		for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			i := slices.IndexFunc(s.States(), func(state health.State) bool { return state.Source == "state_file" })
			if i >= 0 && s.States()[i].Reason == want {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %+v, want %s", where, s.States(), want)
			}
		}
		cancel()
		s.Wait()
	}
}

// sees is no reason not to see anything.
func sees() error { return nil }

// TestStaleReadsSaysWhyNot: a server of which nothing is known because it cannot
// be read is told from one that is about to be asked.
func TestStaleReadsSaysWhyNot(t *testing.T) {
	t.Parallel()
	unavailable := &health.UnavailableError{State: health.State{Source: "cached_reads", Reason: health.Forbidden}}
	c := staleReadsCollector{func() revision.State { return revision.State{} }, true, func() error { return unavailable }}
	if err := c.Collect(t.Context(), make(chan prometheus.Metric, 1)); !errors.Is(err, unavailable) {
		t.Errorf("%v, want %v", err, unavailable)
	}
}
