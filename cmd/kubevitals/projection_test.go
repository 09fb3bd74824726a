package main

import (
	"strings"
	"testing"
)

// pendingForAMinute is what kubectl get -o yaml tells of a pod that no node takes.
const pendingForAMinute = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: worker-1, creationTimestamp: "2026-01-01T00:00:00Z"}
  status:
    conditions:
    - {type: Ready, status: "True", lastHeartbeatTime: "2026-01-02T00:01:00Z", lastTransitionTime: "2026-01-01T00:00:00Z"}
- apiVersion: v1
  kind: Pod
  metadata: {name: waits, namespace: default, creationTimestamp: "2026-01-02T00:00:00Z"}
  spec: {containers: [{name: c, image: i}]}
  status:
    phase: Pending
    conditions:
    - {type: PodScheduled, status: "False", reason: Unschedulable, lastTransitionTime: "2026-01-02T00:00:00Z"}
`

// TestWhatDoesNotLastLongEnough verifies that a pod that waits for a minute is no
// alert yet,
// and that who looks at that moment is told all the same.
func TestWhatDoesNotLastLongEnough(t *testing.T) {
	t.Parallel()
	const alert = "KubeVitalsPodsUnschedulable"
	args := []string{"check", "--snapshot=" + write(t, pendingForAMinute), "--only=pending_pods", "--log.level=error"}
	for _, test := range []struct {
		stays string
		finds bool
		says  string
	}{
		{"0s", false, "Not for long enough to be an alert yet: " + alert + "; --stays=1h tells more."},
		{"13m", false, "Could not tell: none of "},
		{"15m", true, "has waited 1m 0s and the scheduler gives it no node"},
	} {
		_, text, _ := runProgram(t, append(args, "--stays="+test.stays)...)
		if !strings.Contains(text, test.says) || strings.Contains(text, "WARNING "+alert) != test.finds {
			t.Errorf("--stays=%s: finds %s is to be %v, and it does not say %q:\n%s", test.stays, alert, test.finds, test.says, text)
		}
	}
	code, _, stderr := runProgram(t, append(args, "--stays=-1s")...)
	if code != exitUnsure || !strings.Contains(stderr, "--stays") {
		t.Errorf("a negative time: exit code %d, %q", code, stderr)
	}
}
