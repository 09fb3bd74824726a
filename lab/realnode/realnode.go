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
	"errors"
	"os"
	"path/filepath"
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

// folder is where the programs are.
func folder(programs string) string {
	if programs != "" {
		return programs
	}
	return filepath.Dir(os.Getenv(cluster.BinaryEnv))
}
