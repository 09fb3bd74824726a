package collectors

import (
	"bytes"
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/leases"
)

func TestControlPlaneLeases(t *testing.T) {
	t.Parallel()
	lease := func(name, holder string, renewed int64) *coordinationv1.Lease {
		seconds, transitions := int32(15), int32(3)
		acquire, renew := metav1.NewMicroTime(time.Unix(1_800_000_000, 0)), metav1.NewMicroTime(time.Unix(renewed, 500_000_000))
		return &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: name},
			Spec: coordinationv1.LeaseSpec{
				HolderIdentity: &holder, AcquireTime: &acquire, RenewTime: &renew,
				LeaseDurationSeconds: &seconds, LeaseTransitions: &transitions,
			},
		}
	}
	list := []*coordinationv1.Lease{
		lease("kube-controller-manager", "control-1_5f", 1_800_000_100),
		lease("kube-scheduler", "", 1_800_000_050),
		{ObjectMeta: metav1.ObjectMeta{Name: "cloud-controller-manager"}},
		lease("apiserver-abc", "apiserver-abc_7", 1_800_000_100),
		lease("some-operator", "pod-1", 1_800_000_100),
	}
	judged := sources.LeasesJudged{Judgement: leases.Judgement{
		System: map[string]leases.Judged{}, Newest: time.Unix(1_800_000_100, 500_000_000), Together: 3,
	}}
	for _, l := range list {
		judged.System = append(judged.System, sources.SystemLease{Lease: l})
		if l.Spec.RenewTime != nil {
			judged.Judgement.System[l.Name] = leases.Judged{Renewed: l.Spec.RenewTime.Time}
		}
	}
	golden(t, controlPlaneLeasesName, leasesCollector(judged), ControlPlaneLeases().Metrics)
}

func TestControlPlaneLeasesIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	if err := collectError(t, leasesCollector(sources.LeasesJudged{SystemsErr: blind})); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
	// Without the Leases of nodes nothing is said of all Leases.
	some := sources.LeasesJudged{NodesErr: blind, Judgement: leases.Judgement{Newest: time.Unix(1_800_000_000, 0), Together: 3}}
	got := scrapeText(t, controlPlaneLeasesName, leasesCollector(some), ControlPlaneLeases().Metrics)
	if bytes.Contains(got, []byte("newest_change")) {
		t.Errorf("blind for nodes, and it says\n%s", got)
	}
}

// leasesCollector is a collector for which Leases are judged so.
func leasesCollector(judged sources.LeasesJudged) controlPlaneLeasesCollector {
	return controlPlaneLeasesCollector{
		nodes: func() ([]*corev1.Node, error) { return nil, nil },
		judge: func([]*corev1.Node) sources.LeasesJudged { return judged },
	}
}
