package hollow

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	runtimetest "k8s.io/cri-api/pkg/apis/testing"
	"k8s.io/klog/v2"
)

// SaysAnnotation is what the containers of a pod write to their logs when they
// start, line by line.
const SaysAnnotation = "lab.kubevitals/says"

// writeLogs gives every container a log in the form of the runtime interface,
// which the kubelet then serves as it does any other. The pod's annotation
// reaches the runtime with its sandbox.
func writeLogs(ctx context.Context, r *runtimetest.FakeRuntimeService, dir string) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		klog.FromContext(ctx).Error(err, "no logs of containers")
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(200 * time.Millisecond):
		}
		r.Lock()
		for _, c := range r.Containers {
			if c.LogPath != "" {
				continue
			}
			says := ""
			if sandbox := r.Sandboxes[c.SandboxID]; sandbox != nil {
				says = sandbox.Annotations[SaysAnnotation]
			}
			file := filepath.Join(dir, c.Id+".log")
			if err := os.WriteFile(file, []byte(logOf(c, says)), 0o600); err != nil {
				klog.FromContext(ctx).Error(err, "log of a container")
				continue
			}
			c.LogPath = file
		}
		r.Unlock()
	}
}

// logOf is the log of a container that says each line when it starts.
func logOf(c *runtimetest.FakeContainer, says string) string {
	var b strings.Builder
	if says == "" {
		return ""
	}
	at := time.Now().UTC()
	if c.StartedAt > 0 && c.State != runtimeapi.ContainerState_CONTAINER_CREATED {
		at = time.Unix(0, c.StartedAt).UTC()
	}
	for line := range strings.SplitSeq(says, "\n") {
		b.WriteString(at.Format(time.RFC3339Nano) + " stderr F " + line + "\n")
	}
	return b.String()
}
