package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// panelcheckEnv names the program that evaluates panels with Prometheus' engine.
const panelcheckEnv = "KUBEVITALS_PANELCHECK"

// TestPanelsShowData evaluates every panel over what the lab's kubevitals
// exports. The autoscaler of TestAutoscaling is still there.
func TestPanelsShowData(t *testing.T) {
	program := os.Getenv(panelcheckEnv)
	if program == "" {
		t.Fatalf("no %s: run make e2e", panelcheckEnv)
	}
	shared.vitals.eventually(t, time.Minute, allWell)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, shared.vitals.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	scrape := filepath.Join(t.TempDir(), "scrape.prom")
	if err := os.WriteFile(scrape, text, 0o600); err != nil {
		t.Fatal(err)
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
	check := func(may []string) (string, error) {
		out, err := exec.CommandContext(t.Context(), program, "-scrape", scrape,
			"-dashboards", "../../dashboards/generated", "-may-be-empty", strings.Join(may, "|")).CombinedOutput()
		return string(out), err
	}
	if out, err := check(mayBeEmpty); err != nil {
		t.Errorf("%v:\n%s", err, out)
	} else {
		t.Log(out)
	}
	if out, err := check(nil); err == nil {
		t.Errorf("a panel without data is not noticed:\n%s", out)
	}
}
