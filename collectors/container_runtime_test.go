package collectors

import (
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/cri"
)

func containerRuntimeSays(r cri.Result, err error) containerRuntimeCollector {
	return containerRuntimeCollector{node: "n1", result: func() (cri.Result, error) { return r, err }}
}

func TestContainerRuntime(t *testing.T) {
	t.Parallel()
	golden(t, containerRuntimeName, containerRuntimeSays(cri.Result{
		Version: cri.Call{Outcome: health.Available, Duration: 3 * time.Millisecond},
		Status:  cri.Call{Outcome: health.Available, Duration: 4 * time.Millisecond},
		Name:    "containerd", Release: "v2.1.0",
		Conditions: []cri.Condition{
			{Type: cri.RuntimeReady, Status: true},
			{Type: cri.NetworkReady, Reason: "NetworkPluginNotReady"},
			{Type: cri.NetworkReady, Reason: "said twice"},
			{Type: "ContainerdHasNoDeprecationWarnings", Status: true},
		},
	}, nil), ContainerRuntime().Metrics)
}

func TestContainerRuntimeHangs(t *testing.T) {
	t.Parallel()
	hung := cri.Call{Outcome: health.Timeout, Duration: 10 * time.Second}
	text := string(scrapeText(t, containerRuntimeName, containerRuntimeSays(cri.Result{
		Version: hung, Status: hung, Conditions: []cri.Condition{{Type: cri.RuntimeReady, Status: true}},
	}, nil), ContainerRuntime().Metrics))
	for _, want := range []string{
		`probe_result{call="version",node="n1",result="timeout"} 1`, `probe_result{call="version",node="n1",result="ok"} 0`,
		`probe_duration_seconds{call="status",node="n1"} 10`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, lacks := range []string{"runtime_ready", "runtime_info"} {
		if strings.Contains(text, lacks) {
			t.Errorf("it hangs and says %s:\n%s", lacks, text)
		}
	}
}

func TestContainerRuntimeIsNotFound(t *testing.T) {
	t.Parallel()
	blind := &health.UnavailableError{State: health.State{Source: containerRuntimeName, Reason: health.NotFound}}
	text := string(scrapeText(t, containerRuntimeName, containerRuntimeSays(cri.Result{}, blind), ContainerRuntime().Metrics))
	if strings.Contains(text, "kubevitals_container_runtime_") {
		t.Errorf("blind, and it says\n%s", text)
	}
}

func TestReasonsOfRuntimesAreBounded(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"": "none", "NetworkPluginNotReady": "NetworkPluginNotReady", "DockerDaemonNotReady": "DockerDaemonNotReady", "error 0xc000123": "other",
	} {
		if got := runtimeReason(reason); got != want {
			t.Errorf("reason %q is sent as %q, want %q", reason, got, want)
		}
	}
}
