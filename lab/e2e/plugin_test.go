package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKubectlPlugin verifies that the real kubectl finds the program by the name under which
// krew installs it, and that its arguments, its output and its exit code are then those of
// the program itself, with the cluster that kubectl has.
func TestKubectlPlugin(t *testing.T) {
	k := newKubectl(t, shared.AdminKubeconfig())
	dir := filepath.Dir(k.program)
	plugin := filepath.Join(dir, "kubectl-vitals")
	if err := os.Symlink(os.Getenv(binaryEnv), plugin); err != nil {
		t.Fatal(err)
	}
	called := func(program string, args ...string) (string, int) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = append(os.Environ(), "PATH="+dir, "KUBECONFIG="+k.kubeconfig)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return out.String(), cmd.ProcessState.ExitCode()
	}
	if list, code := called(k.program, "plugin", "list"); code != 0 || !strings.Contains(list, plugin) || strings.Contains(list, "warning") {
		t.Errorf("kubectl plugin list: exit code %d, %s", code, list)
	}
	for _, args := range [][]string{
		{"explain", "KubeVitalsNodeNotReady", "node=n-1", "cluster=it's $(quoted)"}, {"alerts"}, {"check", "--snapshot=/does/not/exist"}, {"--no-such-flag"},
	} {
		want, wantCode := called(plugin, args...)
		if got, code := called(k.program, append([]string{"vitals"}, args...)...); got != want || code != wantCode || want == "" {
			t.Errorf("kubectl vitals %q: exit code %d, want %d; it says\n%s\nwant\n%s", args, code, wantCode, got, want)
		}
	}
	out, code := called(k.program, "vitals", "check", "--window=2s", "--output=json", "--log.level=error", "--kubelet.ca-file="+shared.KubeletCAFile())
	if host := shared.RESTConfig().Host; code > 1 || !strings.Contains(out, `"cluster": "`+host+`"`) {
		t.Errorf("kubectl vitals check of the cluster of KUBECONFIG: exit code %d, %.2000s", code, out)
	}
}
