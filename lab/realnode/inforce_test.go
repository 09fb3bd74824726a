//go:build linux

package realnode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// listProcesses prints of each process of the node its command and its cgroups, as the
// node sees them.
const listProcesses = `for p in /proc/[0-9]*; do
  [ -r $p/cgroup ] && echo "$(cat $p/comm) $(tr '\n' ' ' <$p/cgroup)"
done 2>/dev/null`

// inItsCgroups verifies that each process of the node, be it the kubelet or a container, is
// in the node's cgroup in each hierarchy: what limits or ends the node reaches all of it.
func (l *lab) inItsCgroups(t *testing.T) {
	out, err := l.node.Run(t.Context(), "sh", "-c", listProcesses)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(out)) {
		comm, cgroups, _ := strings.Cut(strings.TrimSpace(line), " ")
		if cgroups == "" {
			continue // it has ended meanwhile
		}
		seen[comm]++
		for _, c := range strings.Fields(cgroups) {
			// What is outside begins with /.. where the root is the node's own.
			at := c[strings.LastIndex(c, ":")+1:]
			if !strings.HasPrefix(at, "/"+systemCgroup) && !strings.HasPrefix(at, "/kubepods/") {
				t.Errorf("%s is in cgroup %s", comm, c)
			}
		}
	}
	for comm, want := range map[string]int{"kubevitals-lab": 3, "containerd": 1, "containerd-shim": 1, "coredns": 2, "kubevitals": 3} {
		if seen[comm] < want {
			t.Errorf("%d processes %s, want %d of %v", seen[comm], comm, want, seen)
		}
	}
}

// keepsParameters verifies that the kubelet sets parameters of the kernel as on any node,
// and that they are not those of the machine.
func (l *lab) keepsParameters(t *testing.T) {
	const panics = "/proc/sys/kernel/panic"
	before, err := os.ReadFile(panics)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{panics: "10", "/proc/sys/vm/overcommit_memory": "1"} {
		if value, err := l.node.Run(t.Context(), "cat", file); err != nil || strings.TrimSpace(string(value)) != want {
			t.Errorf("%s is %q on the node, want %s as the kubelet sets it: %v", file, value, want, err)
		}
	}
	if _, err := l.node.Run(t.Context(), "sh", "-c", "echo 86400 >"+panics); err != nil {
		t.Error(err)
	}
	if after, err := os.ReadFile(panics); err != nil || string(after) != string(before) {
		t.Errorf("a node has changed kernel.panic of the machine from %q to %q: %v", before, after, errors.Join(err, os.WriteFile(panics, before, 0)))
	}
	if _, err := l.node.Run(t.Context(), "sh", "-c", "cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness"); err == nil {
		t.Error("a node may write vm.swappiness, which is the machine's")
	}
}

// manifestsInForce verifies of each container of kubevitals that it has not been started
// again, that its limit is that of the cgroup it is in, and that it has no more rights
// than the manifest gives.
func (l *lab) manifestsInForce(t *testing.T) {
	pods, err := l.Client().CoreV1().Pods(ownNamespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name"})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for i := range pods.Items {
		p := &pods.Items[i]
		for j := range p.Status.ContainerStatuses {
			status := &p.Status.ContainerStatuses[j]
			at := slices.IndexFunc(p.Spec.Containers, func(c corev1.Container) bool { return c.Name == status.Name })
			if status.RestartCount != 0 || status.LastTerminationState.Terminated != nil {
				t.Errorf("%s was started %d times again: %v", p.Name, status.RestartCount, status.LastTerminationState.Terminated)
			}
			if err := l.inForce(t.Context(), p, &p.Spec.Containers[at], status.ContainerID); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
			checked++
		}
	}
	if checked != 3 {
		t.Errorf("%d containers of kubevitals, want 3", checked)
	}
}

// inForce compares what a container is to have with what the kernel gives its process.
func (l *lab) inForce(ctx context.Context, p *corev1.Pod, c *corev1.Container, id string) error {
	memory, limit := "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	if !oldCgroups() {
		memory, limit = "/sys/fs/cgroup", "memory.max"
	}
	_, id, _ = strings.Cut(id, "://")
	cgroup := path.Join(memory, "kubepods", strings.ToLower(string(p.Status.QOSClass)), "pod"+string(p.UID), id)
	read := func(file string) string {
		out, err := l.node.Run(ctx, "cat", file)
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace(string(out))
	}
	if got, want := read(path.Join(cgroup, limit)), strconv.FormatInt(c.Resources.Limits.Memory().Value(), 10); got != want {
		return fmt.Errorf("%s is %s, want %s", limit, got, want)
	}
	pid := read(path.Join(cgroup, "cgroup.procs"))
	if got := read(path.Join("/proc", pid, "comm")); got != "kubevitals" {
		return fmt.Errorf("its cgroup has process %q, which is %s", pid, got)
	}
	status := read(path.Join("/proc", pid, "status"))
	user := "65534"
	if c.SecurityContext.RunAsUser != nil {
		user = strconv.FormatInt(*c.SecurityContext.RunAsUser, 10)
	}
	wants := []string{"Uid:\t" + user + "\t", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"}
	if len(c.SecurityContext.Capabilities.Add) == 0 {
		wants = append(wants, "CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n")
	}
	for _, want := range wants {
		if !strings.Contains(status, want) {
			return fmt.Errorf("no %q in\n%s", want, status)
		}
	}
	if root, _, _ := strings.Cut(read(path.Join("/proc", pid, "mounts")), "\n"); !strings.Contains(root, " / overlay ro,") {
		return fmt.Errorf("its root file system is not read-only: %s", root)
	}
	return nil
}
