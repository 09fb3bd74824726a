//go:build linux

// Package realnode adds nodes to the lab on which everything is real: the kubelet,
// containerd, runc, the network of pods, images, cgroups, disks. A node is a set of
// namespaces of this machine (as in kind), with a root file system, two disks and a
// cgroup of its own. It needs root, and Debian's runc, CNI plugins and iptables.
//
// A node lives as long as its first process, and that one as long as the lab: when the
// lab is killed, the kernel ends all processes of its nodes, and with the last of them
// go their mounts, networks and loop devices. What else is left, which are folders,
// empty cgroups and a bridge, Reserve and Clean take away.
package realnode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// ErrUnsupported is the error of a machine that cannot have real nodes: it is not
// Linux, the caller is not root, or a program or a right is missing.
var ErrUnsupported = errors.New("no real nodes on this machine")

// Where programs are in a node, and the folders that a node takes from its own.
const (
	binDir           = "/usr/local/bin"
	pluginFolder     = "/usr/lib/cni" // of Debian's containernetworking-plugins
	cniFolder        = "cni"
	kubernetesFolder = "kubernetes"
	containerdFolder = "containerd"
)

// The programs that make builds, by their names in the folder of the lab's binary.
const (
	labProgram        = "kubevitals-lab"
	containerdProgram = "containerd"
	shimProgram       = "containerd-shim-runc-v2"
	ctrProgram        = "ctr"
	corednsProgram    = "coredns"
	labPrograms       = "programs"
)

// namespaces are all that a node has of its own; that of cgroups it makes itself.
const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// Supported returns an ErrUnsupported with everything that is missing, or nil.
// Programs is the folder with those that make builds; empty means that of the lab's
// binary.
func Supported(ctx context.Context, programs string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: it needs root", ErrUnsupported)
	}
	var missing []string
	for _, p := range []struct{ name, of string }{
		{"ip", "iproute2"}, {"iptables-restore", "iptables"}, {"runc", "runc"}, {"mount", "mount"}, {"losetup", "mount"}, {"mkfs.ext4", "e2fsprogs"},
	} {
		if _, err := exec.LookPath(p.name); err != nil {
			missing = append(missing, fmt.Sprintf("the program %s (Debian's package %s)", p.name, p.of))
		}
	}
	for _, plugin := range []string{"ptp", "host-local", "portmap", "loopback"} {
		if _, err := os.Stat(filepath.Join(pluginFolder, plugin)); err != nil {
			missing = append(missing, fmt.Sprintf("the CNI plugin %s in %s (Debian's package containernetworking-plugins)", plugin, pluginFolder))
		}
	}
	for _, name := range []string{labProgram, containerdProgram, shimProgram, ctrProgram, corednsProgram, labPrograms} {
		if _, err := os.Stat(filepath.Join(folder(programs), name)); err != nil {
			missing = append(missing, fmt.Sprintf("%s (make real-node-programs)", filepath.Join(folder(programs), name)))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: missing are %s", ErrUnsupported, strings.Join(missing, ", "))
	}
	trial := exec.CommandContext(ctx, "true")
	trial.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if err := trial.Run(); err != nil {
		return fmt.Errorf("%w: namespaces are refused: %w", ErrUnsupported, err)
	}
	if out, err := exec.CommandContext(ctx, "losetup", "--find").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: loop devices are refused: %s", ErrUnsupported, strings.TrimSpace(string(out)))
	}
	return nil
}

// folder is where the programs are.
func folder(programs string) string {
	if programs != "" {
		return programs
	}
	return filepath.Dir(os.Getenv(cluster.BinaryEnv))
}
