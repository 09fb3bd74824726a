package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// grave are the names of the alerts above info that a check finds, sorted.
func (r result) grave() []string {
	names := map[string]bool{}
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			if f.Severity != "info" {
				names[f.Alert] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// wantAlone fails unless a check finds these alerts and no others above info, and the
// rules hold for no others over what the running kubevitals says.
func (l *lab) wantAlone(t *testing.T, within time.Duration, alerts ...string) {
	t.Helper()
	slices.Sort(alerts)
	dir := t.TempDir()
	err := cluster.Eventually(t.Context(), within, func(ctx context.Context) error {
		looked, err := check(ctx, nil, l.vitals.sameFlags(t)...)
		if err != nil {
			return err
		}
		if got := looked.grave(); !slices.Equal(got, alerts) {
			return fmt.Errorf("check finds %v, want %v; its exit code is %d", looked.found(), alerts, looked.code)
		}
		if n := len(looked.causes()); n > 1 || (n == 0) != (len(alerts) == 0) {
			return fmt.Errorf("incidents of %v, want one", looked.causes())
		}
		holding, err := l.vitals.alerts(ctx, dir, 0)
		if err != nil {
			return err
		}
		var grave []string
		for _, h := range holding {
			if h.Severity != "info" && !slices.Contains(grave, h.Alert) {
				grave = append(grave, h.Alert)
			}
		}
		if slices.Sort(grave); !slices.Equal(grave, alerts) {
			return fmt.Errorf("what holds is %v, want %v", holding, alerts)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// named fails unless a check names the alert within two minutes of the fault. It says
// after how long.
func (l *lab) named(t *testing.T, since time.Time, f firing) {
	t.Helper()
	l.looks(t, 2*time.Minute, func(r result) error { return r.mustName(f) })
	t.Logf("%s is named after %.0f s", f, time.Since(since).Seconds())
}

// gone fails if a check still names the alert a minute after the fault has ended. It says
// after how long none does.
func (l *lab) gone(t *testing.T, since time.Time, f firing) {
	t.Helper()
	l.looks(t, time.Minute, func(r result) error {
		if r.names(f) {
			return fmt.Errorf("check still names %s", f)
		}
		return nil
	})
	t.Logf("%s is gone after %.0f s", f, time.Since(since).Seconds())
}

// looks fails unless what a check finds is right at last.
func (l *lab) looks(t *testing.T, within time.Duration, right func(result) error) {
	t.Helper()
	err := cluster.Eventually(t.Context(), within, func(ctx context.Context) error {
		r, err := check(ctx, nil, l.vitals.sameFlags(t)...)
		if err != nil {
			return err
		}
		return right(r)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestNodeClockOff makes the clock of a node wrong, both ways: the node is named with
// its offset, and nothing else is, above all no heartbeat and no leader.
func TestNodeClockOff(t *testing.T) {
	l, _ := wellLab(t, cluster.Options{Nodes: 4})
	k := l.Kubelets()[2]
	for _, ahead := range []time.Duration{90 * time.Second, -45 * time.Minute} {
		t.Run(ahead.String(), func(t *testing.T) {
			if err := k.SetClock(ahead); err != nil {
				t.Fatal(err)
			}
			l.postStatus(t, k, ahead)
			l.vitals.eventually(t, time.Minute, func(s samples) error {
				values := s.all("node_clock_offset_seconds")
				own := s.all("node_clock_offset_seconds", "node", k.Name)
				if len(own) != 1 || len(values) != 1 || (time.Duration(own[0]*float64(time.Second))-ahead).Abs() > 5*time.Second {
					return fmt.Errorf("the clock of %s is off by %v s, of all by %v s, want %s", k.Name, own, values, ahead)
				}
				return nodeIsReady(s, k.Name)
			})
			l.wantAlone(t, 3*time.Minute, "KubeVitalsNodeClockOff")
		})
	}
	if err := k.SetClock(0); err != nil {
		t.Fatal(err)
	}
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		if off := s.all("node_clock_offset_seconds"); len(off) > 0 {
			return fmt.Errorf("clocks are off by %v s", off)
		}
		return nil
	})
	l.wantAlone(t, 3*time.Minute)
}

// postStatus makes a kubelet post the status of its node now, by starting it again, and
// not within some minutes; ahead is by how much its clock is.
func (l *lab) postStatus(t *testing.T, k *cluster.Kubelet, ahead time.Duration) {
	t.Helper()
	k.Process.Kill()
	if err := k.Process.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		node, err := l.Client().CoreV1().Nodes().Get(ctx, k.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range node.Status.Conditions {
			if off := time.Since(c.LastHeartbeatTime.Time) + ahead; c.Type == corev1.NodeReady && off.Abs() > 20*time.Second {
				return fmt.Errorf("the heartbeat of %s is %s off", k.Name, off)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNothingWritten fills etcd: what cannot be written is named, and not one of all
// the holders of Leases that cannot renew them.
func TestNothingWritten(t *testing.T) {
	const quota = 32 << 20
	l, _ := wellLab(t, cluster.Options{Nodes: 3, EtcdArgs: []string{fmt.Sprintf("--quota-backend-bytes=%d", quota)}})
	client, err := faults.EtcdClient(l.EtcdURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := faults.Fill(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(1, "apiserver_probe_result", "probe", "write", "result", "failed")
	})
	l.wantAlone(t, 3*time.Minute, "KubeVitalsAPIServerWritesFailing")
	// Long after all Leases have run out.
	time.Sleep(90 * time.Second)
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		if n := s.sum("control_plane_leases_renewed_together"); n < 3 {
			return fmt.Errorf("%v Leases stopped together", n)
		}
		return nil
	})
	l.vitals.wantHolding(t, 0, firing{"KubeVitalsAPIServerWritesFailing"}, firing{"KubeVitalsNothingWritten"})
	if looked, err := check(t.Context(), nil, l.vitals.sameFlags(t)...); err != nil || !slices.Equal(looked.grave(), []string{"KubeVitalsAPIServerWritesFailing"}) {
		t.Errorf("check finds %v, %v", looked.found(), err)
	}
}

// TestMetricsAPIDown ends whoever serves the metrics API, so that the figures of nodes
// cannot be read either: the API is named, and no node.
func TestMetricsAPIDown(t *testing.T) {
	l, api := wellLab(t, cluster.Options{Nodes: 3})
	api.Close()
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		if n := len(s.all("metrics_api_nodes")); n > 0 {
			return fmt.Errorf("tells of the figures of %d nodes", n)
		}
		return errors.Join(
			s.want(1, "metrics_api_registered", "api", "resource"),
			s.want(0, "metrics_api_available", "api", "resource", "reason", "FailedDiscoveryCheck"),
		)
	})
	l.wantAlone(t, 3*time.Minute, "KubeVitalsMetricsAPIUnavailable")
}
