package snapshot_test

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/sources"
)

// steps notes what is done, one after the other.
type steps struct {
	mu   sync.Mutex
	done []string
}

func (s *steps) note(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, step)
}

// listing notes the lists that are read with the configuration.
func (s *steps) listing(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			s.note(r.URL.Path)
			return next.RoundTrip(r)
		})
	})
	return config
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestRecordKeepsToItsOrder verifies that what says when something was alive is read
// right before the time that the snapshot is of, and what takes long before that.
func TestRecordKeepsToItsOrder(t *testing.T) {
	t.Parallel()
	_, config, options := demo(t)
	live := startReading(t, sources.Config{REST: config, Kubelet: options}, nil)
	var s steps
	const gather, clock, leases, pods = "gather", "clock", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", "/api/v1/pods"
	manifest, err := snapshot.Record(t.Context(), filepath.Join(t.TempDir(), "snapshot"), snapshot.RecordOptions{
		REST: s.listing(config), Kubelets: live.options, Window: time.Second,
		Gather: func(context.Context) ([]*dto.MetricFamily, error) {
			s.note(gather)
			return live.settled(t), nil
		},
		Definitions: collectors.Catalogue(), Version: "test", Logger: silent(),
		Now: func() time.Time { s.note(clock); return time.Now() },
	})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, step := range s.done {
		if slices.Contains([]string{gather, clock, leases, pods}, step) {
			order = append(order, step)
		}
	}
	// The clock is asked when the window begins, when it is over, and for the time.
	const want = gather + " " + clock + " " + pods + " " + clock + " " + gather + " " + clock + " " + leases + " " + clock
	if got := strings.Join(order, " "); got != want {
		t.Errorf("order\n%s\nwant\n%s", got, want)
	}
	if got := manifest.Window.Duration; got < time.Second || got > time.Hour {
		t.Errorf("a window of %s", got)
	}
}
