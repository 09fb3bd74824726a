//go:build linux

package realnode

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// trial does in namespaces of its own what makes a node: where this is a container
// itself, its runtime may refuse any of it, to root as well.
const trial = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /tmp
mkdir /tmp/lower /tmp/upper /tmp/work /tmp/root /tmp/disk
mount -t overlay overlay -o lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work /tmp/root
truncate -s 8M /tmp/disk.ext4
mkfs.ext4 -q /tmp/disk.ext4
mount -o loop /tmp/disk.ext4 /tmp/disk
ip link add trial type bridge
iptables -t nat -n -L >/tmp/rules
echo 1 >/proc/sys/net/ipv4/ip_forward
`

// Supported returns an ErrUnsupported with everything that this machine lacks or
// refuses, or nil. It has tried it, and left nothing behind.
func Supported(ctx context.Context) error {
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
	if len(missing) > 0 {
		return fmt.Errorf("%w: missing are %s", ErrUnsupported, strings.Join(missing, ", "))
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", trial)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: the kernel refuses what makes a node: %w: %s", ErrUnsupported, err, strings.TrimSpace(string(out)))
	}
	if err := tryCgroup(); err != nil {
		return fmt.Errorf("%w: cgroups are refused: %w", ErrUnsupported, err)
	}
	return nil
}

// tryCgroup makes a cgroup in each hierarchy and removes it.
func tryCgroup() error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	path := "kubevitals-lab-trial-" + rand.Text() // tests try it at the same time
	errs := make([]error, 0, len(all)+1)
	for _, h := range all {
		errs = append(errs, h.make(path))
	}
	return errors.Join(append(errs, removeCgroup(path))...)
}

// built returns an error that names the programs of nodes that make has not built into
// the folder.
func built(folder string) error {
	var missing []string
	for _, name := range []string{labProgram, containerdProgram, shimProgram, ctrProgram, corednsProgram, labPrograms} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not in %s: %s (make real-node-programs)", folder, strings.Join(missing, ", "))
	}
	return nil
}
