package collectors

import (
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors/criprobe"
	"github.com/kubevitals/kubevitals/collectors/watch"
)

func containerRuntimeSays(r criprobe.Result, err error) containerRuntime {
	return containerRuntime{node: "n1", result: func() (criprobe.Result, error) { return r, err }}
}

func TestContainerRuntime(t *testing.T) {
	t.Parallel()
	golden(t, containerRuntimeName, containerRuntimeSays(criprobe.Result{
		Version: criprobe.Call{Outcome: criprobe.OK, Duration: 3 * time.Millisecond},
		Status:  criprobe.Call{Outcome: criprobe.OK, Duration: 4 * time.Millisecond},
		Name:    "containerd", Release: "v2.1.0",
		Conditions: []criprobe.Condition{
			{Type: criprobe.RuntimeReady, Status: true},
			{Type: criprobe.NetworkReady, Reason: "NetworkPluginNotReady"},
			{Type: criprobe.NetworkReady, Reason: "said twice"},
			{Type: "ContainerdHasNoDeprecationWarnings", Status: true},
		},
	}, nil), ContainerRuntime().Metrics)
}

func TestContainerRuntimeHangs(t *testing.T) {
	t.Parallel()
	hung := criprobe.Call{Outcome: criprobe.Timeout, Duration: 10 * time.Second}
	text := string(scrapeText(t, containerRuntimeName, containerRuntimeSays(criprobe.Result{
		Version: hung, Status: hung, Conditions: []criprobe.Condition{{Type: criprobe.RuntimeReady, Status: true}},
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
	blind := &watch.UnavailableError{State: watch.State{Source: containerRuntimeName, Reason: watch.NotFound}}
	text := string(scrapeText(t, containerRuntimeName, containerRuntimeSays(criprobe.Result{}, blind), ContainerRuntime().Metrics))
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
