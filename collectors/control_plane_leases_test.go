package collectors

import (
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	golden(t, controlPlaneLeasesName, controlPlaneLeasesCollector{func() ([]*coordinationv1.Lease, error) {
		return []*coordinationv1.Lease{
			lease("kube-controller-manager", "control-1_5f", 1_800_000_100),
			lease("kube-scheduler", "", 1_800_000_050),
			{ObjectMeta: metav1.ObjectMeta{Name: "cloud-controller-manager"}},
			lease("apiserver-abc", "apiserver-abc_7", 1_800_000_100),
			lease("some-operator", "pod-1", 1_800_000_100),
		}, nil
	}}, ControlPlaneLeases().Metrics)
}

func TestControlPlaneLeasesIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := controlPlaneLeasesCollector{func() ([]*coordinationv1.Lease, error) { return nil, blind }}
	if err := collectError(t, c); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}
