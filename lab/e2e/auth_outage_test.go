package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// TestReadersInAnOutage kills etcd and then the API server: who was let in before still is,
// for as long as that is remembered, and nobody else.
func TestReadersInAnOutage(t *testing.T) {
	const grace = 3 * time.Minute
	l := ownLab(t, 0)
	g := startGuarded(t, l, "guarded", l.kubeconfig, "--web.auth-filter.grace="+grace.String())
	known, stranger := l.token(t, "kubevitals-reader"), l.account(t, "stranger", "/metrics")
	client := process.Reader(known)
	g.wants(t, "the reader", known, "/metrics", http.StatusOK, "")
	l.Process(cluster.Etcd).Kill()
	// Longer than an answer of the API server holds.
	for began := time.Now(); time.Since(began) < 80*time.Second; time.Sleep(5 * time.Second) {
		if status, text := g.get(t.Context(), client, "/metrics"); status != http.StatusOK {
			t.Fatalf("%s after the end of etcd the reader gets %d %s", time.Since(began), status, text)
		}
	}
	l.Process(cluster.APIServer).Kill()
	killed, last := time.Now(), time.Time{}
	g.wants(t, "a stranger", stranger, "/metrics", http.StatusServiceUnavailable, "does not answer. Who was let in within the last 3m0s")
	g.wants(t, "who has no token", "", "/metrics", http.StatusUnauthorized, "")
	for time.Since(killed) < 2*grace {
		status, text := g.get(t.Context(), client, "/metrics")
		if status != http.StatusOK {
			if status != http.StatusServiceUnavailable {
				t.Errorf("the reader gets %d %s", status, text)
			}
			break
		}
		last = time.Now()
		time.Sleep(2 * time.Second)
	}
	// A minute of them is that for which an answer holds anyhow.
	if stayed := last.Sub(killed); stayed < 70*time.Second || stayed > grace+time.Minute {
		t.Errorf("without an API server the reader was let in for %s, want no more than %s since it last answered", stayed, grace)
	} else {
		t.Logf("without an API server the reader was let in for %s", stayed.Round(time.Second))
	}
	for _, name := range []string{cluster.Etcd, cluster.APIServer} {
		if err := l.Process(name).Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	err := cluster.Eventually(t.Context(), 2*time.Minute, func(ctx context.Context) error {
		for who, token := range map[string]string{"the reader": known, "a stranger": stranger} {
			if status, text := g.get(ctx, process.Reader(token), "/metrics"); status != http.StatusOK {
				return fmt.Errorf("%s gets %d %s", who, status, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
