//go:build linux

package realnode

import (
	"context"
	"os"
	"path/filepath"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

const (
	nodeNotReady = "KubeVitalsNodeNotReady{node=real-0"
	runtimeDown  = "its container runtime does not answer the kubelet"
)

// runtimeFailures are those of containerd.
func runtimeFailures() []failure {
	return []failure{
		{
			name: "containerd killed", do: killed(containerd), undo: launched(containerd),
			told: []told{{alert: nodeNotReady, because: runtimeDown}, {alert: "KubeVitalsContainerRuntimeDown{node=real-0", by: fromNode}},
		},
		{
			name: "containerd stopped",
			do:   on(func(_ context.Context, n *Node) error { return n.Containerd.Pause() }),
			undo: on(func(_ context.Context, n *Node) error { return n.Containerd.Resume() }),
			told: []told{{alert: "KubeVitalsContainerRuntimeHung{node=real-0", by: fromNode}, {alert: nodeNotReady, because: runtimeDown}},
		},
		{
			name: "cgroup driver of containerd changed",
			do: both(on(func(ctx context.Context, n *Node) error {
				return n.restartContainerd(ctx, containerdConfig+systemdCgroups)
			}),
				addPod(pod("driverless", ProgramsImage))),
			undo: both(removePod("driverless"), on(func(ctx context.Context, n *Node) error { return n.restartContainerd(ctx, containerdConfig) })),
			told: []told{{alert: noSandbox, because: "use different cgroup drivers"}},
		},
	}
}

// systemdCgroups lets containerd use the other driver of cgroups than the kubelet,
// which asked for it at its own start.
const systemdCgroups = `
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
SystemdCgroup = true
`

func containerd(n *Node) *cluster.Process { return n.Containerd }

func kubelet(n *Node) *cluster.Process { return n.Kubelet }

func killed(of func(*Node) *cluster.Process) func(context.Context, *lab) error {
	return on(func(_ context.Context, n *Node) error { of(n).Kill(); return nil })
}

func launched(of func(*Node) *cluster.Process) func(context.Context, *lab) error {
	return on(func(_ context.Context, n *Node) error { return of(n).Launch() })
}

func (n *Node) restartContainerd(ctx context.Context, config string) error {
	if err := os.WriteFile(filepath.Join(n.Dir(), containerdFolder, "config.toml"), []byte(config), 0o600); err != nil {
		return err
	}
	n.Containerd.Kill()
	return n.Containerd.Start(ctx)
}
