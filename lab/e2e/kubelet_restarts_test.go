package e2e

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// processStart is what the test itself reads of a kubelet's metrics.
func processStart(ctx context.Context, node int) (float64, error) {
	body, err := shared.ReadKubelet(ctx, shared.Kubelets()[node], "/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if value, ok := strings.CutPrefix(line, "process_start_time_seconds "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("the kubelet does not say when it started")
}

// loop is how many starts of late the rules take for a loop.
const loop = 5

// TestKubeletRestarts kills a kubelet again and again, and the others never.
func TestKubeletRestarts(t *testing.T) {
	const victim, witness = 2, 0
	kubelet, other := shared.Kubelets()[victim], shared.Kubelets()[witness]
	nodeIsBack(t, kubelet.Name)
	var before, untouched float64
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		before = s.sum("kubelet_restarts_recent_starts", "node", kubelet.Name)
		untouched = s.sum("kubelet_restarts_recent_starts", "node", other.Name)
		if before == 0 || untouched == 0 {
			return fmt.Errorf("%v and %v starts are known, want those of the cluster's own start", before, untouched)
		}
		return nil
	})
	for i := range max(3, loop-int(before)) {
		last, err := processStart(t.Context(), victim)
		if err != nil {
			t.Fatal(err)
		}
		killed := time.Now()
		kubelet.Process.Kill()
		restartKubelet(t, kubelet)
		shared.vitals.eventually(t, time.Minute, func(s samples) error {
			started, err := processStart(t.Context(), victim)
			if err != nil {
				return err
			}
			if started == last {
				return fmt.Errorf("the kubelet says that it started at %v, as the one before it did", started)
			}
			if err := s.want(before+float64(i)+1, "kubelet_restarts_recent_starts", "node", kubelet.Name); err != nil {
				return err
			}
			if at := s.sum("kubelet_restarts_last_start_timestamp_seconds", "node", kubelet.Name); at < float64(killed.Unix()) {
				return fmt.Errorf("the latest start was at %v, and the kubelet was killed at %v", at, killed.Unix())
			}
			return s.want(started, "kubelet_restarts_process_start_timestamp_seconds", "node", kubelet.Name)
		})
	}
	s, err := shared.vitals.scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.want(untouched, "kubelet_restarts_recent_starts", "node", other.Name); err != nil {
		t.Error(err)
	}
	// The events of the starts are there for whoever looks only now.
	shared.vitals.wantAlert(t, 0, "KubeVitalsKubeletRestartLoop", "node", kubelet.Name)
}
