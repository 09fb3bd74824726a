//go:build linux

package realnode

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// InitCommand is the sub-command of the lab's binary that becomes the first process
// of a node.
const InitCommand = "node-init"

// readyFile tells, in the node's folder, that its file system is as it should be.
const readyFile = "ready"

// labDir is where a node sees its own folder.
const labDir = "/lab"

// spec says what init makes of new namespaces.
type spec struct {
	// Name is the node's, and its host name.
	Name string `json:"name"`
	// Dir is the folder of the node on the machine.
	Dir string `json:"dir"`
	// Cgroup is the path of the node's cgroup in each hierarchy.
	Cgroup string `json:"cgroup"`
	// Programs are files of the machine by the path at which the node has them.
	Programs map[string]string `json:"programs"`
}

// The disks of a node, which are files in its folder: what kubelet and logs are on,
// and what images and containers are on.
const nodeDisk, imageDisk = "disk", "images"

// Init makes a node of the namespaces that it was started in: a root file system over
// that of the machine, whose changes go to a disk of the node's own, and a cgroup that
// it takes for the whole. Everything that happens on the node is gone when the last of
// its processes ends, and they end with this one, which is the first.
func Init(args []string) error {
	if len(args) == 0 {
		// Only now: while one program replaces another, its namespaces cannot be entered.
		if err := os.WriteFile(filepath.Join(labDir, readyFile), nil, 0o600); err != nil {
			return err
		}
		reap() // and never returns: the lifeline ends it
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var s spec
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	// Namespaces belong to threads. The program that replaces this one goes on with
	// those of the thread that calls exec.
	runtime.LockOSThread()
	hierarchies, err := joinCgroup(s.Cgroup)
	if err != nil {
		return err
	}
	root := filepath.Join(s.Dir, "root")
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"cgroup namespace", func() error { return unix.Unshare(unix.CLONE_NEWCGROUP) }},
		{"host name", func() error { return unix.Sethostname([]byte(s.Name)) }},
		{"private mounts", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"disks", func() error { return mountDisks(s.Dir) }},
		{"root file system", func() error { return mountRoot(s.Dir, root) }},
		{"folders of the node", func() error { return bindFolders(s, root) }},
		{"pivot_root", func() error { return pivot(root) }},
		{"cgroups", func() error { return mountCgroups(hierarchies) }},
		{"kernel parameters", keepParameters},
		// Containers see what is mounted later if their volumes say so, which needs this.
		{"shared mounts", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "") }},
		{"forwarding", func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("make node %s: %s: %w", s.Name, step.what, err)
		}
	}
	lab := filepath.Join(binDir, labProgram)
	return syscall.Exec(lab, []string{lab, InitCommand}, os.Environ())
}

// reap ends the remains of processes whose parents have ended, as the first process
// has to.
func reap() {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	for range children {
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
				break
			}
		}
	}
}

func mountDisks(dir string) error {
	for _, disk := range []string{nodeDisk, imageDisk} {
		at := filepath.Join(dir, disk)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		// The loop device is let go of with the mount.
		out, err := exec.Command("mount", "-o", "loop", at+".ext4", at).CombinedOutput() //nolint:noctx // without it there is no node
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	return nil
}

// mountRoot lays the node's disk over the file system of the machine.
func mountRoot(dir, root string) error {
	upper, work := filepath.Join(dir, nodeDisk, "upper"), filepath.Join(dir, nodeDisk, "work")
	for _, d := range []string{root, upper, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	return unix.Mount("overlay", root, "overlay", 0, fmt.Sprintf("lowerdir=/,upperdir=%s,workdir=%s", upper, work))
}

// bindFolders gives the node the folders that are not of the machine's root.
func bindFolders(s spec, root string) error {
	mounts := []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"proc", "/proc", "proc", 0},
		{"sysfs", "/sys", "sysfs", 0},
		{"/dev", "/dev", "", unix.MS_BIND | unix.MS_REC},
		{"tmpfs", "/run", "tmpfs", 0},
		{"tmpfs", "/tmp", "tmpfs", 0},
		{s.Dir, labDir, "", unix.MS_BIND},
		{filepath.Join(s.Dir, nodeDisk, "kubelet"), "/var/lib/kubelet", "", unix.MS_BIND},
		{filepath.Join(s.Dir, nodeDisk, "log"), "/var/log", "", unix.MS_BIND},
		{filepath.Join(s.Dir, imageDisk), "/var/lib/containerd", "", unix.MS_BIND},
		{filepath.Join(s.Dir, cniFolder), "/etc/cni/net.d", "", unix.MS_BIND},
		{filepath.Join(s.Dir, kubernetesFolder), "/etc/kubernetes", "", unix.MS_BIND},
		{filepath.Join(s.Dir, containerdFolder), "/etc/containerd", "", unix.MS_BIND},
		{pluginFolder, "/opt/cni/bin", "", unix.MS_BIND},
	}
	for _, m := range mounts {
		target := filepath.Join(root, m.target)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		if strings.HasPrefix(m.source, s.Dir) {
			if err := os.MkdirAll(m.source, 0o755); err != nil {
				return err
			}
		}
		if err := unix.Mount(m.source, target, m.kind, m.flags, ""); err != nil {
			return fmt.Errorf("%s: %w", m.target, err)
		}
	}
	// The DNS servers of the machine are not for its nodes.
	resolv := filepath.Join(root, "etc", "resolv.conf")
	if err := unix.Mount(filepath.Join(s.Dir, kubernetesFolder, "resolv.conf"), resolv, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("resolv.conf: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Programs)) {
		target := filepath.Join(root, binDir, name)
		f, err := os.OpenFile(target, os.O_CREATE, 0o755)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Close(), unix.Mount(s.Programs[name], target, "", unix.MS_BIND, "")); err != nil {
			return fmt.Errorf("program %s: %w", name, err)
		}
	}
	return nil
}

// pivot makes root the root, and takes the old one away.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return err
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return os.Chdir("/")
}
