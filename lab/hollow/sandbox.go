package hollow

import (
	"context"
	"errors"
	"os"
	"time"

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
