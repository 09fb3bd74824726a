package hollow

import (
	"context"
	"strings"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	runtimetest "k8s.io/cri-api/pkg/apis/testing"
)

// ExitImage is the image whose containers do their work and end, all others
// run for ever.
const ExitImage = "exit-0"

// endWorkers lets the containers of ExitImage end a second or two after their
// start.
func endWorkers(ctx context.Context, r *runtimetest.FakeRuntimeService) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		r.Lock()
		for _, c := range r.Containers {
			if c.State == runtimeapi.ContainerState_CONTAINER_RUNNING && strings.Contains(c.Image.GetImage(), ExitImage) {
				c.State = runtimeapi.ContainerState_CONTAINER_EXITED
				c.FinishedAt, c.Reason = time.Now().UnixNano(), "Completed"
			}
		}
		r.Unlock()
	}
}
