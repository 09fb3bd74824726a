// Package netns runs tests in a network namespace of their own, in which they may
// change what the machine's network must keep.
package netns

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Need skips the test unless the programs are installed.
func Need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the program %s is not installed", program)
		}
	}
}

// Run runs the test once more, alone, in a new network namespace and in the
// environment variable given as NAME=VALUE, by which it knows that it is there; as
// another user if one is given. It skips the test where this user may not make namespaces.
func Run(t *testing.T, variable string, user *syscall.Credential) {
	t.Helper()
	// The program's own path may be one that the other user cannot reach.
	command := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), variable, "TMPDIR=/tmp")
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Credential: user}
	out, err := command.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) {
		t.Skipf("a network namespace of its own: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("with %s in the namespace: %v\n%s", variable, err, out)
	}
}
