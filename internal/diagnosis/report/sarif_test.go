package report_test

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
)

// TestSARIF verifies that each incident is a result with its rule, level and place, that
// the same cause has the same fingerprint, and that what could not be read makes the run
// no success. tools/readers holds the form against its schema.
func TestSARIF(t *testing.T) {
	t.Parallel()
	type log struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Version string
					Rules   []struct{ ID string }
				}
			}
			Invocations []struct {
				ExecutionSuccessful        bool
				ToolExecutionNotifications []struct{ Message struct{ Text string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Locations []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
				}
				PartialFingerprints map[string]string
			}
		}
	}
	read := func(r *diagnosis.Result) log {
		t.Helper()
		var l log
		text := written(t, func(w io.Writer, r *diagnosis.Result) error { return report.SARIF(w, r, "v1") }, r)
		if err := json.Unmarshal([]byte(text), &l); err != nil || len(l.Runs) != 1 {
			t.Fatalf("%v in:\n%s", err, text)
		}
		return l
	}
	r := told()
	other := full()
	other.Findings[0].Labels = map[string]string{"cluster": "c", "horizontalpodautoscaler": "a b", "namespace": "shop"}
	other.Findings[0].Severity = "info"
	r.Incidents = append(r.Incidents, incidents(other)...)
	run := read(r).Runs[0]
	if len(run.Results) != 2 || len(run.Tool.Driver.Rules) != 1 || run.Tool.Driver.Rules[0].ID != "DiskFull" || run.Tool.Driver.Version != "v1" {
		t.Fatalf("not two results of one rule: %+v", run)
	}
	first, second := run.Results[0], run.Results[1]
	if first.Level != "error" || second.Level != "note" || first.RuleIndex != 0 || second.RuleIndex != 0 || first.RuleID != "DiskFull" {
		t.Errorf("levels or rules: %+v", run.Results)
	}
	if first.Locations[0].PhysicalLocation.ArtifactLocation.URI != "node/n" || second.Locations[0].PhysicalLocation.ArtifactLocation.URI != "horizontalpodautoscaler/shop/a%20b" {
		t.Errorf("places: %+v", run.Results)
	}
	if run.Invocations[0].ExecutionSuccessful || len(run.Invocations[0].ToolExecutionNotifications) != 1 {
		t.Errorf("what could not be read: %+v", run.Invocations)
	}
	a, b := incident.Member{Alert: "A", Labels: map[string]string{"node": "n", "cluster": "c"}}, incident.Member{Alert: "A", Labels: map[string]string{"node": "n", "cluster": "d"}}
	if a.ID() != b.ID() || a.ID() == (incident.Member{Alert: "A", Labels: map[string]string{"node": "m"}}).ID() || first.PartialFingerprints["kubevitalsCause/v1"] != r.Incidents[0].Cause.ID() {
		t.Error("fingerprints are not those of the cause")
	}
	if read(&diagnosis.Result{Coverage: diagnosis.Coverage{Evaluated: []string{"A"}}}).Runs[0].Results == nil {
		t.Error("no list of results where nothing is wrong")
	}
}
