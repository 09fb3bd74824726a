package sources

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
)

// TestAStateFileThatCannotBeWritten verifies that it is told by its source, as which
// metrics and alerts bear it, and that readiness does not ask for it.
func TestAStateFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := sourcesOf(t, http.NotFound)
	s.Nodes()
	_, _ = s.Revisions(t.TempDir()) // a folder where the file should be
	ctx, cancel := context.WithCancel(t.Context())
	s.Start(ctx)
	defer func() { cancel(); s.Wait() }()
	reason := func() health.Reason {
		for _, state := range s.States() {
			if state.Source == "state_file" {
				return state.Reason
			}
		}
		return ""
	}
	for deadline := time.Now().Add(time.Minute); reason() == health.Starting && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if got := reason(); got != health.Failed {
		t.Errorf("the state file is %q", got)
	}
	names := func(checks []exporter.Check) (names []string) {
		for _, c := range checks {
			names = append(names, c.Name)
		}
		return names
	}(s.Checks())
	if slices.Contains(names, "state_file") || !slices.Contains(names, string(Nodes)) {
		t.Errorf("checks of readiness: %v", names)
	}
}
