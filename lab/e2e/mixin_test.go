package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mixincheckEnv names the program that evaluates the mixin with Prometheus'
// engine.
const mixincheckEnv = "KUBEVITALS_MIXINCHECK"

// save writes a scrape to a file.
func (v *vitals) save(ctx context.Context, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// mixincheck runs the program over a scrape of kubevitals.
func (v *vitals) mixincheck(ctx context.Context, dir, mode string, args ...string) ([]byte, error) {
	program := os.Getenv(mixincheckEnv)
	if program == "" {
		return nil, fmt.Errorf("no %s: run make e2e", mixincheckEnv)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	scrape := filepath.Join(dir, "scrape.prom")
	if err := v.save(ctx, scrape); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, program, append([]string{mode, "-scrape", scrape}, args...)...).CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("mixincheck: %w:\n%s", err, out)
	}
	return out, nil
}

// holding is an alert whose expression holds, however long it has.
type holding struct {
	Alert, Severity string
	Labels          map[string]string
	Value           float64
}

func (h holding) String() string { return fmt.Sprintf("%s %v = %v", h.Alert, h.Labels, h.Value) }

// alerts evaluates the generated rules over a scrape, as if everything had stayed
// as it is for so long.
func (v *vitals) alerts(ctx context.Context, dir string, stays time.Duration) ([]holding, error) {
	out, err := v.mixincheck(ctx, dir, "alerts", "-rules", "../../mixin/generated/alerts-each.yaml", "-stays", stays.String())
	if err != nil {
		return nil, err
	}
	var all []holding
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var h holding
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			return nil, fmt.Errorf("%w in %q", err, lines.Text())
		}
		all = append(all, h)
	}
	return all, lines.Err()
}

// firing is an alert with some of its labels: alert, name, value, name, value.
type firing []string

func (f firing) String() string { return fmt.Sprint(f[0], []string(f[1:])) }

// is tells whether the alert with its labels is meant.
func (f firing) is(alert string, labels map[string]string) bool {
	if alert != f[0] {
		return false
	}
	for i := 1; i < len(f); i += 2 {
		if labels[f[i]] != f[i+1] {
			return false
		}
	}
	return true
}

// startAgents starts the agents of two nodes, which are this machine, and of a pod
// on each; they probe each other over loopback.
func startAgents(t *testing.T) []*vitals {
	t.Helper()
	peers, lines := filepath.Join(t.TempDir(), "peers"), ""
	var agents []*vitals
	for i, a := range []struct{ node, from string }{{"node-0", "node"}, {"node-1", "node"}, {"node-0", "pod"}, {"node-1", "pod"}} {
		address := fmt.Sprintf("127.0.0.%d:9897", 11+i)
		lines += fmt.Sprintln(a.node, a.from, address, "zone-"+a.node)
		agent, err := startVitals(t.Context(), fmt.Sprintf("agent-%d", i), shared.LogDir(), shared.AdminKubeconfig(),
			"--scope=node", "--host.node="+a.node, "--collector.connectivity.peers-file="+peers,
			"--collector.connectivity.from="+a.from, "--collector.connectivity.listen-address="+address,
			"--collector.connectivity.probe-interval=1s")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(agent.stop)
		agents = append(agents, agent)
	}
	if err := os.WriteFile(peers, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, agent := range agents {
		agent.eventually(t, time.Minute, func(s samples) error {
			if n := s.sum("connectivity_good_paths"); n != 2 {
				return fmt.Errorf("%v good paths, want those to the two agents of the other node", n)
			}
			if len(s.all("inotify_scan_complete")) == 0 || len(s.all("cgroups_version")) == 0 {
				return errors.New("inotify and cgroups were not looked at yet")
			}
			return nil
		})
	}
	return agents
}

// TestPanelsShowData evaluates every panel over what the lab's kubevitals and four
// agents export.
func TestPanelsShowData(t *testing.T) {
	makeAutoscaler(t, "default", "of-panels")
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(allWell(s), s.want(0, "autoscaling_metrics_available",
			"namespace", "default", "horizontalpodautoscaler", "of-panels", "reason", "FailedGetResourceMetric"))
	})
	// Somebody must use inotify for that to be shown.
	watcher, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(watcher) }()
	if _, err := unix.InotifyAddWatch(watcher, t.TempDir(), unix.IN_CREATE); err != nil {
		t.Fatal(err)
	}
	dir, args := t.TempDir(), []string{"-dashboards", "../../dashboards/generated"}
	for i, agent := range startAgents(t) {
		file := filepath.Join(dir, fmt.Sprintf("agent-%d.prom", i))
		if err := agent.save(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-node-scrape", file)
	}
	// These show only what is ill, and the lab is well; or what others export.
	list, err := os.ReadFile("../../mixin/generated/may-be-empty.json")
	if err != nil {
		t.Fatal(err)
	}
	var mayBeEmpty []string
	if err := json.Unmarshal(list, &mayBeEmpty); err != nil {
		t.Fatal(err)
	}
	// The lab's kubelets have their folders elsewhere.
	mayBeEmpty = append(mayBeEmpty, "Left on disks of kubelet and runtime", "Disks that do not answer")
	check := func(may []string) ([]byte, error) {
		return shared.vitals.mixincheck(t.Context(), dir, "panels", append(args, "-may-be-empty", strings.Join(may, "|"))...)
	}
	if out, err := check(mayBeEmpty); err != nil {
		t.Error(err)
	} else {
		t.Logf("%s", out)
	}
	if out, err := check(nil); err == nil {
		t.Errorf("a panel without data is not noticed:\n%s", out)
	}
}

// TestNoAlertWhileWell evaluates every rule while nothing is ill, in a cluster of
// its own: what other tests broke a while ago is not well.
func TestNoAlertWhileWell(t *testing.T) {
	l := ownLab(t, 2)
	dir := t.TempDir()
	l.vitals.eventually(t, 3*time.Minute, func(s samples) error {
		if err := allWell(s); err != nil {
			return err
		}
		all, err := l.vitals.alerts(t.Context(), dir, 0)
		if err != nil {
			return err
		}
		var wrong []error
		for _, h := range all {
			// The lab has no metrics-server; everything else would be a page for nothing.
			if h.Severity != "info" && h.Alert != "KubeVitalsMetricsAPINotRegistered" {
				wrong = append(wrong, errors.New(h.String()))
			}
		}
		return errors.Join(wrong...)
	})
}
