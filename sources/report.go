package sources

import (
	"fmt"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// Checks are the checks of readiness: one per watched source. That the state file cannot
// be written is told elsewhere: nothing less is seen of the cluster, now.
func (s *Sources) Checks() []exporter.Check {
	var checks []exporter.Check
	for _, h := range s.health {
		if h == s.stateFile {
			continue
		}
		checks = append(checks, exporter.Check{Name: h.State().Source, Run: h.Err})
	}
	return checks
}

// SourceErr returns why a source cannot be read: a *health.UnavailableError, or nil if it
// can or is none of those of States.
func (s *Sources) SourceErr(source string) error {
	for _, h := range s.health {
		if h.State().Source == source {
			return h.Err()
		}
	}
	if s.apiServersWanted {
		return s.apiServers.AccessErr(source)
	}
	return nil
}

// KubeletErr returns an error with which some kubelet cannot be read at the endpoint
// for that reason; nil if there is none.
func (s *Sources) KubeletErr(endpoint string, reason health.Reason) error {
	if !s.kubeletsWanted {
		return nil
	}
	return s.kubelets.Example(endpoint, reason)
}

// KubeletResults returns what reads the latest results of all kubelets; nil if no
// collector asked for kubelets.
func (s *Sources) KubeletResults() func() []*kubelet.Result {
	if !s.kubeletsWanted {
		return nil
	}
	return s.kubelets.Results
}

// Table shows how far each source can be trusted.
func (s *Sources) Table() exporter.Table {
	t := exporter.Table{Title: "Sources", Columns: []string{"source", "state", "last proof"}}
	for _, state := range s.States() {
		t.Rows = append(t.Rows, exporter.Row{
			Bad:   state.Reason != health.Available,
			Cells: []string{state.Source, string(state.Reason), ago(s.Now(), state.LastSuccess)},
		})
	}
	if s.kubeletsWanted {
		t.Rows = append(t.Rows, s.kubeletRow())
	}
	return t
}

// kubeletRow counts the kubelets that gave every answer asked of them.
func (s *Sources) kubeletRow() exporter.Row {
	results := s.kubelets.Results()
	good := 0
	for _, r := range results {
		if r.Healthy() {
			good++
		}
	}
	return exporter.Row{
		Bad:   good < len(results),
		Cells: []string{"kubelets", fmt.Sprintf("%d of %d answer", good, len(results)), ""},
	}
}

func ago(now, then time.Time) string {
	if then.IsZero() {
		return "never"
	}
	return health.Age(now, then).Round(time.Second).String() + " ago"
}
