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
	"slices"
	"strings"
	"testing"
	"time"
)

// mixincheckEnv names the program that evaluates the mixin with Prometheus'
// engine.
const mixincheckEnv = "KUBEVITALS_MIXINCHECK"

// mixincheck runs the program over a scrape of kubevitals.
func (v *vitals) mixincheck(ctx context.Context, dir, mode string, args ...string) ([]byte, error) {
	program := os.Getenv(mixincheckEnv)
	if program == "" {
		return nil, fmt.Errorf("no %s: run make e2e", mixincheckEnv)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	scrape := filepath.Join(dir, "scrape.prom")
	if err := os.WriteFile(scrape, text, 0o600); err != nil {
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
	out, err := v.mixincheck(ctx, dir, "alerts", "-rules", "../../mixin/generated/alerts.yaml", "-stays", stays.String())
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

// wantAlert fails unless the alert's expression holds once everything has stayed
// as it is for so long, with the labels: name, value, name, value.
func (v *vitals) wantAlert(t *testing.T, stays time.Duration, alert string, labels ...string) {
	t.Helper()
	all, err := v.alerts(t.Context(), t.TempDir(), stays)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if h.Alert != alert {
			continue
		}
		for i := 0; i < len(labels); i += 2 {
			if h.Labels[labels[i]] != labels[i+1] {
				h.Alert = ""
			}
		}
		if h.Alert != "" {
			return
		}
	}
	t.Errorf("%s does not hold with %v; what holds: %v", alert, labels, all)
}

// TestPanelsShowData evaluates every panel over what the lab's kubevitals
// exports. The autoscaler of TestAutoscaling is still there.
func TestPanelsShowData(t *testing.T) {
	shared.vitals.eventually(t, time.Minute, allWell)
	// These show only what is ill, and the lab is well; or what others export.
	list, err := os.ReadFile("../../mixin/generated/may-be-empty.json")
	if err != nil {
		t.Fatal(err)
	}
	var mayBeEmpty []string
	if err := json.Unmarshal(list, &mayBeEmpty); err != nil {
		t.Fatal(err)
	}
	check := func(may []string) ([]byte, error) {
		return shared.vitals.mixincheck(t.Context(), t.TempDir(), "panels",
			"-dashboards", "../../dashboards/generated", "-may-be-empty", strings.Join(may, "|"))
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

// TestNoAlertWhileWell evaluates every rule while nothing is ill.
func TestNoAlertWhileWell(t *testing.T) {
	// The lab is built so; everything else would be a page for nothing.
	built := []string{
		"KubeVitalsMetricsAPIMissing", // there is no metrics-server
		"KubeVitalsAutoscalingMetricsAPIMissing",
		"KubeVitalsAutoscalingMetricsUnavailable", // of the autoscaler that TestAutoscaling leaves behind
	}
	dir := t.TempDir()
	shared.vitals.eventually(t, 3*time.Minute, func(s samples) error {
		if err := allWell(s); err != nil {
			return err
		}
		all, err := shared.vitals.alerts(t.Context(), dir, 0)
		if err != nil {
			return err
		}
		var wrong []error
		for _, h := range all {
			if h.Severity != "info" && !slices.Contains(built, h.Alert) {
				wrong = append(wrong, errors.New(h.String()))
			}
		}
		return errors.Join(wrong...)
	})
}
