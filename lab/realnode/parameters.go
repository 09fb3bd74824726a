//go:build linux

package realnode

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// parametersFolder holds, in the node's folder, what the node takes for parameters of
// the kernel.
const parametersFolder = "sysctl"

// keepParameters keeps the node from changing parameters that the kernel has once for
// all of the machine, as kubelets do: a kernel that was to stay where it panicked would
// boot again, long after the lab has ended. What kubelets set are copies, and the others
// are read-only; only those of the network are the node's own.
func keepParameters() error {
	const root = "/proc/sys"
	folders, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, f := range folders {
		at := filepath.Join(root, f.Name())
		if f.Name() == "net" {
			continue
		}
		if err := unix.Mount(at, at, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		if err := unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
			return err
		}
	}
	// Those of setupKernelTunables in the kubelet.
	for _, name := range []string{
		"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
	} {
		at, own := filepath.Join(root, name), filepath.Join(labDir, parametersFolder, name)
		value, err := os.ReadFile(at)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the kernel was built without it
		}
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(own), 0o755), os.WriteFile(own, value, 0o600)); err != nil {
			return err
		}
		if err := unix.Mount(own, at, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}
