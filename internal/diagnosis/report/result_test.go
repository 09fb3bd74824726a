package report_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

func unreadable(source, reason string) ruleeval.Finding {
	return ruleeval.Finding{
		Alert: "SourceUnavailable", Severity: "warning", Signal: "exporter",
		Labels: map[string]string{"source": source, "reason": reason},
	}
}

// TestWhatIsMissing holds that what does not exist makes nobody unsure, and that
// what cannot be read does.
func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	none := func(string, map[string]string) string { return "" }
	full := ruleeval.Finding{
		Alert: "DiskFull", Severity: "critical", Signal: "node_disk",
		Evidence: []ruleeval.Evidence{{Series: "full_since_timestamp_seconds", Value: 1.7e9, Metric: "full_since_timestamp_seconds"}},
	}
	for _, test := range []struct {
		name     string
		findings []ruleeval.Finding
		ill      bool
		sure     bool
		says     string
	}{
		{"nothing", nil, false, true, "All clear"},
		{"a source that does not exist", []ruleeval.Finding{unreadable("cached_reads", "not_found")}, false, true, "All clear"},
		{"a source that cannot be read", []ruleeval.Finding{unreadable("pods", "forbidden")}, false, false, "SourceUnavailable"},
		{"a full disk", []ruleeval.Finding{full}, true, true, "full_since_timestamp_seconds = 2023-11-14 22:13:20 UTC (2m0s ago)"},
		{"both", []ruleeval.Finding{full, unreadable("pods", "timeout")}, true, false, "Causes: 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &report.Result{At: time.Unix(1.7e9, 0).Add(2 * time.Minute), Causes: report.Causes(test.findings, none), Evaluated: []string{"DiskFull"}}
			if r.Ill() != test.ill || r.Sure() != test.sure {
				t.Errorf("ill %t, sure %t", r.Ill(), r.Sure())
			}
			var out bytes.Buffer
			if err := r.Text(&out, false); err != nil || !strings.Contains(out.String(), test.says) {
				t.Errorf("%v: %q is not in:\n%s", err, test.says, out.String())
			}
		})
	}
}

// TestTextOfAWait: one look does not say that something lasted as long as the alert
// waits.
func TestTextOfAWait(t *testing.T) {
	t.Parallel()
	for wait, want := range map[string]string{"5m": "  It hangs. Prometheus tells after 5m.\n", "0s": "  It hangs.\n"} {
		r := &report.Result{Causes: []report.Cause{{Alert: "A", Severity: "warning", Summary: "It hangs.", For: wait, Findings: []ruleeval.Finding{{}}}}}
		var out bytes.Buffer
		if err := r.Text(&out, false); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %q is not in:\n%s", err, want, out.String())
		}
	}
}

// TestAnswers holds that an alert counts as evaluated only where a look can say
// whether it holds, and that a look that can say nothing of what was asked is unsure.
func TestAnswers(t *testing.T) {
	t.Parallel()
	alerts := []ruleeval.Alert{
		{Name: "Holds", Signal: "well"}, {Name: "HoldsNot", Signal: "well"}, {Name: "OfIdle", Signal: "idle"},
		{Name: "OfOff", Signal: "off"}, {Name: "OfUnseen", Signal: "unseen"}, {Name: "NeedsADay", Signal: "well"},
		{Name: "HoldsInADay", Signal: "well"}, {Name: "OfUs", Signal: "exporter"},
	}
	signals := []report.Signal{
		{Name: "well", State: report.Ill}, {Name: "idle", State: report.Idle},
		{Name: "off", State: report.Off}, {Name: "unseen", State: report.Unseen},
	}
	r := &report.Result{
		Reaching: []string{"NeedsADay", "HoldsInADay"},
		Causes: []report.Cause{
			{Alert: "Holds", Signal: "well", Findings: []ruleeval.Finding{{}}}, {Alert: "HoldsInADay", Signal: "well", Findings: []ruleeval.Finding{{}}},
		},
	}
	r.Answer(alerts, signals)
	if want := []string{"Holds", "HoldsNot", "OfIdle", "HoldsInADay", "OfUs"}; !slices.Equal(r.Evaluated, want) {
		t.Errorf("evaluated %v, want %v", r.Evaluated, want)
	}
	var out bytes.Buffer
	if err := r.JUnit(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`tests="8" failures="2" errors="0" skipped="3"`, "not looked at here", "could not be read", "further back"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("JUnit has no %s:\n%s", want, out.String())
		}
	}
	r = &report.Result{}
	r.Answer(alerts[3:4], signals)
	if r.Sure() {
		t.Error("sure of an alert that nobody looked at")
	}
	out.Reset()
	if err := r.Text(&out, false); err != nil || !strings.Contains(out.String(), "Could not tell: none of 0 alerts") || !strings.Contains(out.String(), "Not looked at here: off.") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}
