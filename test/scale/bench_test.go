package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == holdArgument {
		os.Exit(hold(os.Args[2], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// built builds kubevitals.
func built(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs kubevitals")
	}
	binary := filepath.Join(t.TempDir(), "kubevitals")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/kubevitals/kubevitals/cmd/kubevitals").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// TestBenchNode measures the agent of a node among a few processes. Whether it
// costs more than it may is not held here, where other tests run beside it.
func TestBenchNode(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the agent of a node is for Linux")
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{
		"-binary", built(t), "-node", "-processes", "8", "-watches", "700", "-steady", "1s", "-interval", "300ms", "-converge", "2m", "--", "--log.level=error",
	}, &stdout, &stderr)
	if code != 0 && !strings.Contains(stderr.String(), "than it may") {
		t.Errorf("exit code %d\n%s", code, stderr.String())
	}
	for _, want := range []string{
		`(?m)^processes seen +[1-9]\d*$`, `(?m)^inotify watches seen +[1-9]\d{2,}$`, `(?m)^memory not in files, most at a scrape +[1-9]`, `(?m)^CPU +\d`,
	} {
		if !regexp.MustCompile(want).Match(stdout.Bytes()) {
			t.Errorf("the report lacks %s:\n%s\n%s", want, stdout.String(), stderr.String())
		}
	}
}

// TestBench measures the real binary on a small cluster.
func TestBench(t *testing.T) {
	t.Parallel()
	binary := built(t)
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{
		"-binary", binary, "-nodes", "5", "-pods", "50", "-hpas", "5", "-apiservers", "1", "-apiserver-series", "500",
		"-churn", "100", "-steady", "2s", "-interval", "500ms", "-scrapes", "2", "-converge", "2m", "--", "--log.level=warn",
	}, &stdout, &stderr)
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout.String(), stderr.String())
	}
	for _, want := range []string{
		`(?m)^nodes +5$`, `(?m)^series +[1-9]\d+$`, `(?m)^body, gzip +[1-9]\d+ bytes$`, `(?m)^scrape, identity +min \d`,
		`(?m)^collector node_disk +min \d`, `(?m)^resident memory, peak +[1-9]`, `(?m)^CPU in the steady state +\d+\.\d+ s/min`,
		`(?m)^CPU for the changes of pods +-?\d+\.\d % of one core`,
		`(?m)^changes of pods +100/s asked for, [1-9]\d* made$`,
	} {
		if !regexp.MustCompile(want).Match(stdout.Bytes()) {
			t.Errorf("the report lacks %s:\n%s", want, stdout.String())
		}
	}
}

// TestBenchFails verifies that a binary that cannot be measured is not reported on.
func TestBenchFails(t *testing.T) {
	t.Parallel()
	script := func(text string) string {
		name := filepath.Join(t.TempDir(), "kubevitals")
		if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return name
	}
	cases := []struct {
		name, binary, want string
		code               int
		more               []string
	}{
		{"no such file", filepath.Join(t.TempDir(), "none"), "no such file", 1, nil},
		{"ends at once", script("exit 3\n"), "ended before it served: exit status 3", 1, nil},
		// Nothing listens on port 1: it never converges.
		{"never reads all", script("echo kubevitals serves http://127.0.0.1:1/metrics\nexec sleep 60\n"), "not everything was read within 1s", 1, []string{"-converge", "1s"}},
		{"bad flag", "", "must be positive", 2, []string{"-nodes", "0"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			args := append([]string{"-binary", tc.binary, "-nodes", "1", "-pods", "1", "-hpas", "1", "-apiserver-series", "10"}, tc.more...)
			if code := run(t.Context(), args, &stdout, &stderr); code != tc.code || !strings.Contains(stderr.String(), tc.want) || stdout.Len() > 0 {
				t.Errorf("exit code %d, output %q, errors %q", code, stdout.String(), stderr.String())
			}
		})
	}
}

// TestBodies verifies that the bodies are what real components could answer.
func TestBodies(t *testing.T) {
	t.Parallel()
	for name, body := range map[string][]byte{"kubelet": kubeletMetrics(), "API server": apiServerMetrics(3000)} {
		parser := expfmt.NewTextParser(model.LegacyValidation)
		if _, err := parser.TextToMetricFamilies(bytes.NewReader(body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if size := len(kubeletMetrics()); size < 200_000 || size > 400_000 {
		t.Errorf("metrics of a kubelet have %d bytes", size)
	}
}

// TestFleet holds the size and the spread of the cluster.
func TestFleet(t *testing.T) {
	t.Parallel()
	f := fleet{nodes: 10, pods: 100, hpas: 20, apiServers: 2}
	now := time.Now()
	perNode, seen := map[string]int{}, map[string]bool{}
	for i := range f.pods {
		p := f.pod(i, now)
		perNode[p.Spec.NodeName]++
		seen[p.Namespace+"/"+p.Name] = true
	}
	if len(seen) != f.pods || len(perNode) != f.nodes {
		t.Errorf("%d pods on %d nodes", len(seen), len(perNode))
	}
	for name, pods := range perNode {
		if pods != 10 {
			t.Errorf("%s has %d pods", name, pods)
		}
	}
	if raw, err := f.pod(1, now).Marshal(); err != nil || len(raw) < 3000 || len(raw) > 8000 {
		t.Errorf("a pod has %d bytes, %v", len(raw), err)
	}
}
