package sources

import (
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/refusal"
)

// TestRefusedDeploymentOf verifies that the condition says of a Deployment why its pods are
// not created, and the same once it was trimmed.
func TestRefusedDeploymentOf(t *testing.T) {
	t.Parallel()
	since := metav1.NewTime(time.Unix(1_800_000_000, 0))
	const message = `pods "web-6597bc46dc-wtqkj" is forbidden: exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2`
	failure := appsv1.DeploymentCondition{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: message, LastTransitionTime: since}
	over, deletes := failure, failure
	over.Status, deletes.Reason = corev1.ConditionFalse, "FailedDelete"
	waits := appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "FailedCreate"}
	want := RefusedDeployment{Namespace: "shop", Name: "web", Refusal: refusal.Refusal{Cause: refusal.Quota}, Message: message, Since: since.Time}
	for _, tt := range []struct {
		name       string
		conditions []appsv1.DeploymentCondition
		refused    bool
	}{
		{"none", nil, false},
		{"is over", []appsv1.DeploymentCondition{over}, false},
		{"cannot delete", []appsv1.DeploymentCondition{deletes}, false},
		{"another condition", []appsv1.DeploymentCondition{waits}, false},
		{"is refused pods", []appsv1.DeploymentCondition{waits, failure}, true},
	} {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Status: appsv1.DeploymentStatus{Conditions: tt.conditions}}
		for _, obj := range []any{d, trimDeployment(d, &Latest{})} {
			got, err := refusedDeploymentOf(obj)
			if err != nil || (got != nil) != tt.refused || got != nil && *got != want {
				t.Errorf("%s: %+v, %v", tt.name, got, err)
			}
		}
		if kept := trimDeployment(d, &Latest{}).(*appsv1.Deployment).Status.Conditions; !tt.refused && len(kept) > 0 {
			t.Errorf("%s: keeps %v", tt.name, kept)
		}
	}
	if _, err := refusedDeploymentOf(&corev1.Pod{}); err == nil {
		t.Error("a pod is taken for a Deployment")
	}
}

func TestDeploymentOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"web-6597bc46dc":        {"web", "6597bc46dc"},
		"web-shop-5d8":          {"web-shop", "5d8"},
		"web-3147862131":        {"web", "3147862131"}, // of Kubernetes 1.7
		"web":                   nil,
		"-5d8":                  nil,
		"web-":                  nil,
		"web-blue":              nil, // a ReplicaSet of nobody
		"web-6597bc46dc6597bc4": nil,
	} {
		deployment, hash, ok := DeploymentOf(name)
		if ok != (want != nil) || ok && !slices.Equal([]string{deployment, hash}, want) {
			t.Errorf("%s: %q %q %v, want %q", name, deployment, hash, ok, want)
		}
	}
}
