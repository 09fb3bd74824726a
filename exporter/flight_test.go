package exporter

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestConcurrentScrapesShareOneRun(t *testing.T) {
	t.Parallel()
	var starts atomic.Int32
	begun, release := make(chan struct{}), make(chan struct{})
	slow := named("slow", func(_ context.Context, ch chan<- prometheus.Metric) error {
		if starts.Add(1) == 1 {
			close(begun)
		}
		<-release
		ch <- thing.Sample(1, "slow")
		return nil
	})
	f := NewFrame([]Named{slow}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wait sync.WaitGroup
	outcomes := make([]outcome, 4)
	wait.Go(func() { outcomes[0] = f.runners[0].run(ctx) })
	<-begun
	for i := 1; i < len(outcomes); i++ {
		flight, joined := f.runners[0].board(ctx)
		if !joined {
			t.Fatal("a second run was started")
		}
		wait.Go(func() { <-flight.done; outcomes[i] = flight.outcome })
	}
	close(release)
	wait.Wait()
	for i, o := range outcomes {
		if o.err != nil || o.series != 1 {
			t.Errorf("scrape %d: %d metrics, error %v; want 1 and none", i, o.series, o.err)
		}
	}
	if n := starts.Load(); n != 1 {
		t.Errorf("started %d times, want 1", n)
	}
}

// TestTheHastyDoNotCutOthersShort verifies that a run which began for a client that
// cannot wait goes on for one that can.
func TestTheHastyDoNotCutOthersShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, Options{Timeout: 10 * time.Second}, named("slow", func(ctx context.Context, ch chan<- prometheus.Metric) error {
			select {
			case <-time.After(2 * time.Second):
			case <-ctx.Done():
			}
			ch <- thing.Sample(1, "slow")
			return ctx.Err()
		}))
		hasty := make(chan string)
		go func() { hasty <- get(t, h, "/metrics", timeoutHeader, "0.001").Body.String() }()
		time.Sleep(time.Second)
		wantLines(t, get(t, h, "/metrics").Body.String(), []string{`kubevitals_test_thing{name="slow"} 1`, `kubevitals_scrape_collector_success{collector="slow"} 1`})
		wantLines(t, <-hasty, []string{`kubevitals_scrape_collector_success{collector="slow"} 0`}, "thing")
	})
}
