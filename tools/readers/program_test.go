// Package readers lets the libraries of others read what kubevitals prints for programs.
package readers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program builds kubevitals.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubevitals")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/kubevitals")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return path
}
