package nodecause

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const (
	no      = corev1.ConditionFalse
	unknown = corev1.ConditionUnknown
)

func TestClassify(t *testing.T) {
	t.Parallel()
	pleg := "PLEG is not healthy: pleg was last seen active 3m5s ago; threshold is 3m0s"
	for name, c := range map[string]struct {
		facts Facts
		want  Cause
	}{
		"ready":                                 {Facts{Ready: corev1.ConditionTrue, DiskPressure: true, Leaving: Deletion, Kubelet: kubelet.Refused}, None},
		"ready, though its Lease is overdue":    {Facts{Ready: corev1.ConditionTrue, Heartbeat: Overdue, Kubelet: kubelet.NoRoute}, None},
		"shut down at the provider":             {Facts{Ready: unknown, Leaving: "karpenter.sh/disruption", Kubelet: kubelet.NoRoute}, MachineGone},
		"cordoned and off":                      {Facts{Ready: unknown, Cordoned: true, Kubelet: kubelet.NoRoute}, MachineGone},
		"cordoned, and its kubelet died":        {Facts{Ready: unknown, Cordoned: true, Kubelet: kubelet.Refused}, KubeletDead},
		"nothing listens":                       {Facts{Ready: unknown, Heartbeat: Overdue, Kubelet: kubelet.Refused}, KubeletDead},
		"accepted and never answered":           {Facts{Ready: unknown, Heartbeat: Overdue, Kubelet: kubelet.Hangs}, KubeletHung},
		"answers us and not the API server":     {Facts{Ready: unknown, Heartbeat: Overdue, Kubelet: kubelet.Answers}, KubeletCutOff},
		"host away":                             {Facts{Ready: unknown, Heartbeat: Overdue, Kubelet: kubelet.NoRoute}, Unreachable},
		"silent, and the kubelet not asked":     {Facts{Ready: unknown, Heartbeat: Overdue}, Silent},
		"cordoned, silent and not asked":        {Facts{Ready: unknown, Heartbeat: Overdue, Cordoned: true}, Silent},
		"heartbeats are back before the status": {Facts{Ready: unknown, Heartbeat: Fresh, Kubelet: kubelet.Answers, Since: time.Minute}, KubeletSetup},
		"heartbeats, and for hours no status":   {Facts{Ready: unknown, Heartbeat: Fresh, Since: 3 * time.Hour}, KubeletCutOff},
		"dead, with a clock that is ahead":      {Facts{Ready: unknown, Heartbeat: Fresh, Kubelet: kubelet.Refused}, KubeletDead},
		"registered, never posted":              {Facts{Kubelet: kubelet.Refused}, KubeletDead},
		"what a dead kubelet said last":         {Facts{Ready: no, Message: pleg, Heartbeat: Overdue, Kubelet: kubelet.Refused}, KubeletDead},
		"an old Lease, but the kubelet answers": {Facts{Ready: no, Message: pleg, Heartbeat: Overdue, Kubelet: kubelet.Answers}, PLEGStuck},
		"an old Lease, and not asked":           {Facts{Ready: no, Message: pleg, Heartbeat: Overdue}, PLEGStuck},
		"containers cannot be listed":           {Facts{Ready: no, Message: pleg, Heartbeat: Fresh, Kubelet: kubelet.Answers}, PLEGStuck},
		"nor written for want of disk":          {Facts{Ready: no, Message: pleg, DiskPressure: true}, Disk},
		"nor listed for want of memory":         {Facts{Ready: no, Message: pleg, MemoryPressure: true}, Memory},
		"nor forked for want of PIDs":           {Facts{Ready: no, Message: "container runtime is down", PIDPressure: true}, PID},
		"shutting down under pressure":          {Facts{Ready: no, Message: "node is shutting down", DiskPressure: true}, MachineGone},
		"shutting down without end":             {Facts{Ready: no, Message: "node is shutting down", DiskPressure: true, Heartbeat: Fresh, Kubelet: kubelet.Answers}, ShuttingDown},
		"shutting down, and not asked":          {Facts{Ready: no, Message: "node is shutting down", Heartbeat: Fresh}, ShuttingDown},
		"it was shutting down, and is off":      {Facts{Ready: no, Message: "node is shutting down", Heartbeat: Overdue}, MachineGone},
		"to be removed, and alive":              {Facts{Ready: no, Message: "container runtime is down", Leaving: "karpenter.sh/disrupted", Heartbeat: Fresh}, RuntimeDown},
		"to be removed, and silent":             {Facts{Ready: no, Message: "container runtime is down", Leaving: Deletion, Heartbeat: Overdue}, MachineGone},
		"off, with a clock that is ahead":       {Facts{Ready: unknown, Leaving: "karpenter.sh/disrupted", Heartbeat: Fresh, Kubelet: kubelet.NoRoute}, MachineGone},
		"starting under pressure":               {Facts{Ready: no, Message: "container runtime status check may not have completed yet", DiskPressure: true}, KubeletSetup},
		"only the route controller complains":   {Facts{Ready: no, Message: "something new", NetworkUnavailable: true}, NetworkPluginMissing},
		"something new":                         {Facts{Ready: no, Message: "something new"}, Unknown},
		"no message":                            {Facts{Ready: no}, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Classify(c.facts); got != c.want {
				t.Errorf("cause %q, want %q", got, c.want)
			}
		})
	}
}

// TestLeavingTaint verifies that taints of those who remove machines are signs, and
// that what merely may be removed is not.
func TestLeavingTaint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, value, want string }{
		{"karpenter.sh/disrupted", "", "karpenter.sh/disrupted"},
		{"karpenter.sh/disruption", "disrupting", "karpenter.sh/disruption"},
		{"karpenter.sh/disruption", "candidate", ""},
		{"karpenter.sh/unregistered", "", ""},
		{"aws-node-termination-handler/spot-itn", "5a1b", "aws-node-termination-handler"},
		{"node.kubernetes.io/out-of-service", "nodeshutdown", "node.kubernetes.io/out-of-service"},
		{"DeletionCandidateOfClusterAutoscaler", "1700000000", ""},
		{"node.kubernetes.io/unreachable", "", ""},
	} {
		if got := LeavingTaint(c.key, c.value); got != c.want {
			t.Errorf("%s=%s: %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

func TestCausesAreAll(t *testing.T) {
	t.Parallel()
	listed := map[Cause]bool{}
	for _, c := range Causes() {
		if c == None || listed[c] {
			t.Errorf("%q is listed and should not be", c)
		}
		listed[c] = true
	}
	for _, p := range phrases() {
		if !listed[p.cause] {
			t.Errorf("%q gives %q, which is not listed", p.text, p.cause)
		}
	}
}
