package e2e

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// ownLab starts a cluster that a test may ruin, and a kubevitals for it.
func ownLab(t *testing.T, nodes int, args ...string) *lab {
	t.Helper()
	return ownLabOf(t, cluster.Options{Nodes: nodes}, args...)
}

// ownLabOf does the same with options for the cluster.
func ownLabOf(t *testing.T, o cluster.Options, args ...string) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	return labOf(ctx, t, ownCluster(ctx, t, o), args...)
}

// labOf starts a kubevitals for a cluster.
func labOf(ctx context.Context, t *testing.T, c *cluster.Cluster, args ...string) *lab {
	t.Helper()
	l := &lab{Cluster: c}
	if err := l.applyBase(ctx); err != nil {
		t.Fatal(err)
	}
	var err error
	l.kubeconfig, err = c.ServiceAccountKubeconfig(ctx, "kubevitals", "kubevitals")
	if err != nil {
		t.Fatal(err)
	}
	l.startVitals(t, args...)
	t.Cleanup(func() { l.vitals.stop() })
	return l
}

// startVitals starts kubevitals, in the place of the one before.
func (l *lab) startVitals(t *testing.T, args ...string) {
	t.Helper()
	if l.vitals != nil {
		l.vitals.stop()
	}
	v, err := startVitals(t.Context(), "kubevitals", l.LogDir(), l.kubeconfig, append([]string{"--kubelet.ca-file=" + l.KubeletCAFile()}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	l.vitals = v
}

// write makes the revision of etcd grow by n.
func (l *lab) write(t *testing.T, n int) {
	t.Helper()
	maps := l.Client().CoreV1().ConfigMaps(metav1.NamespaceDefault)
	for i := range n {
		o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "filler-"}, Data: map[string]string{"n": fmt.Sprint(i)}}
		if _, err := maps.Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// fresh fails unless nothing is stale and something is known.
func fresh(s samples) error {
	for _, name := range []string{"stale_reads_rewound", "stale_reads_cache_ahead", "stale_reads_too_large_resource_version"} {
		if err := s.want(0, name); err != nil {
			return err
		}
	}
	if n := len(s.all("stale_reads_rewind_timestamp_seconds")); n > 0 {
		return fmt.Errorf("a rewind is dated though there was none")
	}
	return nil
}

// TestStaleReads restores a real snapshot under a running control plane, and
// then does what the runbook says.
func TestStaleReads(t *testing.T) {
	state := "--collector.stale_reads.state-file=" + filepath.Join(t.TempDir(), "mark.json")
	// With the intervals that users have.
	l := ownLab(t, 1, state)
	l.vitals.eventually(t, time.Minute, fresh)
	snapshot := filepath.Join(t.TempDir(), "snapshot.db")
	if err := l.SnapshotEtcd(t.Context(), snapshot); err != nil {
		t.Fatal(err)
	}
	l.write(t, 500)
	healthy := l.vitals.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(fresh(s), leads(s, "kube-controller-manager"), leads(s, "kube-scheduler"))
	})
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		if s.sum("stale_reads_written_resource_version") <= healthy.sum("stale_reads_written_resource_version") {
			return fmt.Errorf("nothing was written yet")
		}
		return nil
	})

	restored := time.Now()
	if err := l.RestoreEtcd(t.Context(), snapshot); err != nil {
		t.Fatal(err)
	}
	l.vitals.eventually(t, time.Minute-time.Since(restored), func(s samples) error {
		if err := s.want(1, "stale_reads_rewound"); err != nil {
			return err
		}
		return s.want(1, "stale_reads_cache_ahead")
	})
	t.Logf("named %v after etcd was killed", time.Since(restored).Round(100*time.Millisecond))
	// What must be restarted is named, too.
	l.vitals.wantAlerts(t, 0, firing{"KubeVitalsEtcdWentBack"}, firing{"KubeVitalsAPIServerCacheStaleAfterRestore"},
		firing{"KubeVitalsControllerStaleAfterRestore", "component", "kube-controller-manager"},
		firing{"KubeVitalsControllerStaleAfterRestore", "component", "kube-scheduler"})

	t.Run("kubevitals restarts", func(t *testing.T) {
		l.startVitals(t, state, "--collector.apiserver.write-interval=2s")
		l.vitals.eventually(t, time.Minute, func(s samples) error { return s.want(1, "stale_reads_rewound") })
	})
	t.Run("kubevitals restarts without its file", func(t *testing.T) {
		l.startVitals(t, "--collector.apiserver.write-interval=2s")
		l.vitals.eventually(t, time.Minute, func(s samples) error { return s.want(1, "stale_reads_rewound") })
		l.vitals.wantAlert(t, 0, "KubeVitalsEtcdWentBack")
		l.startVitals(t, state, "--collector.apiserver.write-interval=2s")
	})

	t.Run("the API server is restarted", func(t *testing.T) {
		l.Process(cluster.APIServer).Kill()
		if err := l.Process(cluster.APIServer).Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.vitals.eventually(t, time.Minute, func(s samples) error {
			if err := s.want(0, "stale_reads_cache_ahead"); err != nil {
				return err
			}
			// It is right again, and refuses whoever was not restarted.
			return s.want(1, "stale_reads_too_large_resource_version")
		})
		l.vitals.wantAlert(t, 0, "KubeVitalsResourceVersionTooLarge")
	})
	t.Run("who was not restarted is told", func(t *testing.T) {
		s := l.vitals.eventually(t, time.Minute, func(s samples) error { return s.want(1, "stale_reads_rewound") })
		rewound := s.sum("stale_reads_rewind_timestamp_seconds")
		if since := time.Since(time.UnixMilli(int64(rewound * 1000))); since < 0 || since > time.Since(restored)+time.Second {
			t.Errorf("the rewind is dated %v ago, it was less than %v ago", since, time.Since(restored))
		}
	})
	t.Run("the mark is passed", func(t *testing.T) {
		l.write(t, 700)
		l.vitals.eventually(t, time.Minute, func(s samples) error {
			if err := s.want(0, "stale_reads_rewound"); err != nil {
				return err
			}
			if n := len(s.all("stale_reads_rewind_timestamp_seconds")); n != 1 {
				return fmt.Errorf("the rewind is not dated any more")
			}
			return s.want(0, "stale_reads_too_large_resource_version")
		})
	})
}

// TestStaleReadsNoFalseAlarm watches a thousand rounds of a healthy cluster that
// is written to, whose etcd is compacted and whose API server is restarted.
func TestStaleReadsNoFalseAlarm(t *testing.T) {
	const rounds = 1000
	// The health probes set the pace of all others.
	l := ownLab(t, 1, "--collector.apiserver.probe-interval=50ms", "--collector.apiserver.write-interval=50ms")
	l.vitals.eventually(t, time.Minute, fresh)
	disturb := map[float64]func() error{
		300: func() error { return l.CompactEtcd(t.Context()) },
		600: func() error {
			l.Process(cluster.APIServer).Kill()
			return l.Process(cluster.APIServer).Start(t.Context())
		},
	}
	begun, done, last := time.Now(), 0.0, 0.0
	for done < rounds {
		if time.Since(begun) > 8*time.Minute {
			t.Fatalf("only %v rounds in %v", done, time.Since(begun))
		}
		s, err := l.vitals.scrape(t.Context())
		if err != nil {
			continue
		}
		now := s.sum("stale_reads_probes_total")
		if now == 0 { // the API server is down, so that nothing is known
			continue
		}
		if err := fresh(s); err != nil {
			t.Fatalf("false alarm after %v rounds: %v", done, err)
		}
		// A machine that stands still for some seconds lags in truth.
		if lag := s.sum("stale_reads_cache_lag_seconds"); lag > 60 {
			t.Errorf("the cache lags %v s after %v rounds", lag, done)
		}
		done, last = done+max(0, now-last), now
		for at, do := range disturb {
			if done >= at {
				delete(disturb, at)
				t.Logf("%v rounds: disturbing", done)
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
		}
		l.write(t, 1)
	}
	t.Logf("%v rounds in %v without a false alarm", done, time.Since(begun).Round(time.Second))
}
