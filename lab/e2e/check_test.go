package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vitalsOnce runs a command of kubevitals to its end against the lab, with the
// service account that the manifests make.
func vitalsOnce(ctx context.Context, args ...string) (code int, stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(binaryEnv), append(args, "--log.level=error")...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		err = nil
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String(), err
}

func (l *lab) live() []string {
	return []string{"--kubeconfig=" + l.kubeconfig, "--kubelet.ca-file=" + l.KubeletCAFile()}
}

// findings runs check and returns alerts with their labels.
func findings(t *testing.T, args ...string) []string {
	t.Helper()
	code, stdout, stderr, err := vitalsOnce(t.Context(), append([]string{"check", "-o", "json", "--window=2s"}, args...)...)
	if err != nil || code > 1 {
		t.Fatalf("check: exit code %d, %v\n%s", code, err, stderr)
	}
	var result struct {
		Causes []struct {
			Findings []struct {
				Alert  string
				Labels map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &result); err != nil {
		t.Fatalf("%v in:\n%s", err, stdout)
	}
	var all []string
	for _, c := range result.Causes {
		for _, f := range c.Findings {
			all = append(all, fmt.Sprint(f.Alert, f.Labels))
		}
	}
	slices.Sort(all)
	return all
}

// TestCheckAndSnapshotNameTheCause fills the disk of a node, and looks at the
// cluster before, meanwhile, and in a snapshot of that moment.
func TestCheckAndSnapshotNameTheCause(t *testing.T) {
	kubelet := shared.Kubelets()[2]
	only := []string{"--only=node_disk", "--only=node_readiness", "--only=apiserver", "--only=watch_streams"}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(0, "node_disk_pressure", "node", kubelet.Name)
	})
	args := slices.Concat([]string{"check", "--window=2s"}, only, shared.live())
	code, stdout, stderr, err := vitalsOnce(t.Context(), args...)
	if err != nil || code != 0 || !strings.Contains(stdout, "All clear") {
		t.Errorf("while all is well: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}

	fillDisk(t, kubelet)
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		return s.want(1, "node_disk_pressure", "node", kubelet.Name)
	})
	live := findings(t, shared.live()...)
	if want := fmt.Sprint("KubeVitalsNodeDiskPressure", map[string]string{"cluster": "kubernetes", "node": kubelet.Name}); !slices.Contains(live, want) {
		t.Errorf("the full disk is not named in %v", live)
	}
	dir := filepath.Join(t.TempDir(), "snapshot")
	if code, _, stderr, err := vitalsOnce(t.Context(), append([]string{"snapshot", dir, "--window=2s"}, shared.live()...)...); err != nil || code != 0 {
		t.Fatalf("snapshot: exit code %d, %v\n%s", code, err, stderr)
	}
	if diff := cmp.Diff(live, findings(t, "--snapshot="+dir)); diff != "" {
		t.Errorf("other findings from the snapshot (-live +snapshot):\n%s", diff)
	}
}
