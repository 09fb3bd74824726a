package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBenchCheck looks at a small cluster with the real binary.
func TestBenchCheck(t *testing.T) {
	t.Parallel()
	small := []string{"-check", "-nodes", "6", "-pods", "60", "-hpas", "6", "-apiservers", "2", "-apiserver-series", "500", "-converge", "3m", "-binary", built(t)}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append(small, "--", "--log.level=error", "--window=2s"), &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout.String(), stderr.String())
	}
	for _, want := range []string{
		`(?m)^nodes +6$`, `(?m)^wall time +\d+\.\d s`, `(?m)^CPU time of the look +\d`, `(?m)^CPU time of the cluster meanwhile +\d`,
		`(?m)^resident memory, peak +[1-9]`, `(?m)^exit code +1$`, `(?m)^kubelets read at /metrics +5$`, `(?m)^found KubeVitalsNodeLeaseStale +1$`,
	} {
		if !regexp.MustCompile(want).Match(stdout.Bytes()) {
			t.Errorf("the report lacks %s:\n%s", want, stdout.String())
		}
	}
	// It must not pass when something is not seen.
	stdout.Reset()
	stderr.Reset()
	code := run(t.Context(), append(small, "--", "--log.level=error", "--window=2s", "--no-collector.node_disk"), &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "not found: KubeVitalsNodeDiskHeadroomLow with node=") || strings.Contains(stderr.String(), "NodeLeaseStale") {
		t.Errorf("a look that is blind to disks: exit code %d\n%s", code, stderr.String())
	}
}

// TestBenchCheckFails verifies that a binary that gives no result is not reported on.
func TestBenchCheckFails(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	args := []string{"-check", "-nodes", "3", "-pods", "3", "-hpas", "1", "-apiserver-series", "10", "-binary", filepath.Join(t.TempDir(), "none")}
	if code := run(t.Context(), args, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "no such file") || stdout.Len() > 0 {
		t.Errorf("exit code %d, output %q, errors %q", code, stdout.String(), stderr.String())
	}
}
