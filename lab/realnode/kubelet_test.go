//go:build linux

package realnode

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// kubeletFailures are those of the kubelet itself.
func kubeletFailures() []failure {
	dead := told{alert: nodeNotReady, because: "its kubelet does not run"}
	loop := &supervisor{}
	stopped := both(on(loop.stop), launched(kubelet))
	return []failure{
		{
			// Pods that are deleted then stay Terminating: no kubelet confirms it.
			name: "kubelet killed", do: both(addPod(pod("stuck", ProgramsImage)), both(killed(kubelet), deletePod("stuck"))),
			undo: both(launched(kubelet), removePod("stuck")),
			told: []told{dead, {alert: "KubeVitalsPodsStuckOnDeadNode{"}},
		},
		{
			name: "kubelet stopped",
			do:   on(func(_ context.Context, n *Node) error { return n.Kubelet.Pause() }),
			undo: on(func(_ context.Context, n *Node) error { return n.Kubelet.Resume() }),
			told: []told{{alert: nodeNotReady, because: "its kubelet hangs"}},
		},
		{
			name: "kubelet with a bad flag, restarted again and again",
			do:   loop.run("--cgroup-driver-of-mine=systemd"), undo: stopped, told: []told{dead}, rare: true,
		},
		{
			name: "cgroups that the kubelet cannot write to, restarted again and again",
			do:   both(on(cgroupsReadOnly("ro")), loop.run()), undo: both(on(loop.stop), both(on(cgroupsReadOnly("rw")), launched(kubelet))),
			told: []told{{alert: "KubeVitalsKubeletRestartLoop{node=real-0"}},
		},
		{
			name: "client certificate of the kubelet expired",
			do:   both(expireCertificate, loop.run("--kubeconfig="+expired)), undo: stopped,
			told: []told{{alert: nodeNotReady, because: "its heartbeats do not arrive in the status of its Node, though its kubelet answers"}}, rare: true,
		},
		{
			name: "client certificate of the kubelet expired before it starts",
			do:   both(expireCertificate, loop.run("--kubeconfig="+expired, "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf")), undo: stopped,
			told: []told{dead}, rare: true,
		},
	}
}

// supervisor restarts the kubelet whenever it ends, as systemd does.
type supervisor struct {
	kubelet *cluster.Process
	cancel  context.CancelFunc
	done    chan struct{}
}

// run stops the kubelet and runs another one with more flags, in a loop that ends with the
// test at the latest.
func (s *supervisor) run(flags ...string) func(context.Context, *lab) error {
	return on(func(ctx context.Context, n *Node) error {
		n.Kubelet.Kill()
		ctx, s.cancel = context.WithCancel(ctx)
		s.kubelet, s.done = n.kubelet(flags...), make(chan struct{})
		go func() {
			defer close(s.done)
			for ctx.Err() == nil {
				if !s.kubelet.Running() {
					_ = s.kubelet.Launch() // or else at the next turn
				}
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		}()
		return nil
	})
}

func (s *supervisor) stop(context.Context, *Node) error {
	if s.cancel == nil {
		return errors.New("it does not run")
	}
	s.cancel()
	<-s.done
	s.kubelet.Kill()
	s.cancel = nil
	return nil
}

// deletePod deletes as users do, and does not wait.
func deletePod(name string) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		return l.Client().CoreV1().Pods(metav1.NamespaceDefault).Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](1)})
	}
}

// cgroupsReadOnly mounts the cgroups of processors so, or for writing again.
func cgroupsReadOnly(option string) func(context.Context, *Node) error {
	return func(ctx context.Context, n *Node) error {
		at := "/sys/fs/cgroup"
		if oldCgroups() {
			all, err := hierarchies()
			if err != nil {
				return err
			}
			for _, h := range all {
				if slices.Contains(strings.Split(h.options, ","), "cpu") {
					at = filepath.Join(at, filepath.Base(h.mount))
				}
			}
		}
		_, err := n.Run(ctx, "mount", "-o", "remount,bind,"+option, at)
		return err
	}
}

const expired = "/etc/kubernetes/expired.kubeconfig"

// expireCertificate gives the node a certificate that ended an hour ago.
func expireCertificate(_ context.Context, l *lab) error {
	config, err := l.ExpiredKubeconfig(l.node.Name+"-expired", "system:node:"+l.node.Name, "system:nodes")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.node.Dir(), kubernetesFolder, filepath.Base(expired)), config, 0o600)
}
