package hollow

import (
	"context"
	"errors"
	"os"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	runtimetest "k8s.io/cri-api/pkg/apis/testing"
)

// failSandboxes makes the runtime refuse new sandboxes while the file exists, in
// the words of a network plugin that has no address left.
func failSandboxes(ctx context.Context, r *runtimetest.FakeRuntimeService, file string) {
	const call = "RunPodSandbox"
	for {
		_, err := os.Stat(file)
		r.Lock()
		if failing := err == nil; failing && len(r.Errors[call]) == 0 {
			r.Errors[call] = []error{errors.New(`plugin type="bridge" failed (add): no addresses available in range set`)}
		} else if !failing {
			delete(r.Errors, call)
		}
		r.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// loseNetwork makes the runtime say that it has no network while the file exists, so that
// the kubelet says that its node is not ready.
func loseNetwork(ctx context.Context, r *runtimetest.FakeRuntimeService, file string) {
	for lost := false; ; {
		_, err := os.Stat(file)
		if now := err == nil; now != lost {
			lost = now
			r.Lock()
			// Whoever asked last may still look at the one before.
			r.FakeStatus = &runtimeapi.RuntimeStatus{Conditions: []*runtimeapi.RuntimeCondition{
				{Type: runtimeapi.RuntimeReady, Status: true},
				{Type: runtimeapi.NetworkReady, Status: !lost, Reason: "NetworkPluginNotReady", Message: "cni plugin not initialized"},
			}}
			r.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
