package hollow

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	probetest "k8s.io/kubernetes/pkg/kubelet/prober/testing"
)

// prober makes no probes, as kubemark's does not, but unlike that one it does not
// call containers ready that have ended. Before 1.35 its method had no context: package
// compat has that form of this file.
type prober struct{ probetest.FakeManager }

// UpdatePodStatus says of each container what the kubelet says where there is no
// probe: it is ready while it runs.
func (prober) UpdatePodStatus(_ context.Context, _ *corev1.Pod, status *corev1.PodStatus) {
	readyWhileRunning(status)
}
