package sources

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/refusal"
)

// RefusedDeployment is a Deployment of which the condition ReplicaFailure says that its pods
// cannot be created. Events say the same, but for an hour only, and a dump may lack them.
type RefusedDeployment struct {
	Namespace, Name string
	refusal.Refusal
	// Message is what the API server said first, cut: the controller leaves it as it is
	// while pods cannot be created, whatever is said later.
	Message string
	// Since is when the condition became so; zero where it does not say.
	Since time.Time
}

// RefusedDeployments has an element for each Deployment, which is nil for all whose pods are
// created.
func (s *Sources) RefusedDeployments() *health.View[*RefusedDeployment] {
	return viewOf(s, Deployments, refusedDeploymentOf)
}

func refusedDeploymentOf(obj any) (*RefusedDeployment, error) {
	d, ok := obj.(*appsv1.Deployment)
	if !ok {
		return nil, fmt.Errorf("unexpected type %T", obj)
	}
	for _, c := range d.Status.Conditions {
		if createsNoPods(c) {
			return &RefusedDeployment{
				Namespace: strings.Clone(d.Namespace), Name: strings.Clone(d.Name), Refusal: refusal.Of(c.Message),
				Message: strings.Clone(events.Cut(c.Message)), Since: c.LastTransitionTime.Time,
			}, nil
		}
	}
	return nil, nil //nolint:nilnil // of a Deployment that is well there is nothing to keep
}

// hashDigits are those of the hash in the names of ReplicaSets, and the decimal ones that it
// had before Kubernetes 1.8.
const hashDigits = "bcdfghjklmnpqrstvwxz0123456789"

// DeploymentOf takes the name of a ReplicaSet of a Deployment apart: that of the Deployment,
// and the hash of the template, which is of 10 digits at most and has no vowel and no hyphen.
func DeploymentOf(replicaSet string) (deployment, hash string, ok bool) {
	i := strings.LastIndexByte(replicaSet, '-')
	if i <= 0 {
		return "", "", false
	}
	deployment, hash = replicaSet[:i], replicaSet[i+1:]
	return deployment, hash, hash != "" && len(hash) <= 10 && strings.Trim(hash, hashDigits) == ""
}

// createsNoPods tells whether a condition says that pods cannot be created. That they cannot
// be deleted is the same condition for another reason.
func createsNoPods(c appsv1.DeploymentCondition) bool {
	return c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue && c.Reason == "FailedCreate"
}
