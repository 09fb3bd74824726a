package checkup_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/checkup"
	"github.com/kubevitals/kubevitals/internal/verdict"
)

func unreadable(source, reason string) verdict.Finding {
	return verdict.Finding{
		Alert: "SourceUnavailable", Severity: "warning", Signal: "exporter",
		Labels: map[string]string{"source": source, "reason": reason},
	}
}

// TestWhatIsMissing holds that what does not exist makes nobody unsure, and that
// what cannot be read does.
func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	none := func(string, map[string]string) string { return "" }
	full := verdict.Finding{
		Alert: "DiskFull", Severity: "critical", Signal: "node_disk",
		Evidence: []verdict.Evidence{{Series: "full_since_timestamp_seconds", Value: 1.7e9, Metric: "full_since_timestamp_seconds"}},
	}
	for _, test := range []struct {
		name     string
		findings []verdict.Finding
		ill      bool
		sure     bool
		says     string
	}{
		{"nothing", nil, false, true, "All clear"},
		{"a source that does not exist", []verdict.Finding{unreadable("cached_reads", "not_found")}, false, true, "All clear"},
		{"a source that cannot be read", []verdict.Finding{unreadable("pods", "forbidden")}, false, false, "SourceUnavailable"},
		{"a full disk", []verdict.Finding{full}, true, true, "full_since_timestamp_seconds = 2023-11-14 22:13:20 UTC (2m0s ago)"},
		{"both", []verdict.Finding{full, unreadable("pods", "timeout")}, true, false, "Causes: 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &checkup.Result{At: time.Unix(1.7e9, 0).Add(2 * time.Minute), Causes: checkup.Causes(test.findings, none)}
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
		r := &checkup.Result{Causes: []checkup.Cause{{Alert: "A", Severity: "warning", Summary: "It hangs.", For: wait, Findings: []verdict.Finding{{}}}}}
		var out bytes.Buffer
		if err := r.Text(&out, false); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %q is not in:\n%s", err, want, out.String())
		}
	}
}
