package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/change"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// text is a result as people read it, without colours.
func text(t *testing.T, r *diagnosis.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.Text(&out, r, report.Style{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func junit(t *testing.T, r *diagnosis.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.JUnit(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func mustSay(t *testing.T, output string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(output, want) {
			t.Errorf("%q is not in:\n%s", want, output)
		}
	}
}

// TestUnavailable verifies that what could not be read is told by reason, and that
// collectors that only wait for a source are told apart.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	const source, collector = diagnosis.Source, diagnosis.Collector
	r := &diagnosis.Result{
		Unavailable: []diagnosis.Unavailable{
			{Kind: collector, Name: "cached_orphan", Reason: "failed", Detail: "too late", WaitsFor: "another"},
			{Kind: collector, Name: "dns", Reason: "unreachable", Detail: "connection refused"},
			{Kind: collector, Name: "etcd", Reason: "failed", Detail: "no certificate"},
			{Kind: collector, Name: "pending_pods", Reason: "failed", Detail: "connection refused", WaitsFor: "pods"},
			{Kind: source, Name: "leases", Reason: "forbidden", Detail: "leases is \x1bforbidden"},
			{Kind: source, Name: "nodes", Reason: "unreachable", Detail: "connection refused"},
			{Kind: source, Name: "pods", Reason: "unreachable", Detail: "connection refused"},
		},
		Absent: []diagnosis.Unavailable{{Kind: source, Name: "node_metrics", Reason: "not_found"}},
	}
	want := `Could not be read:
  failed: collectors cached_orphan, etcd
      too late
      no certificate
  forbidden: source leases
      leases is ` + "\uFFFD" + `forbidden
  unreachable: sources nodes, pods; collector dns
      connection refused
  without a source: collector pending_pods
Not there: source node_metrics.
`
	if got := text(t, r); !strings.HasSuffix(got, want) {
		t.Errorf("got:\n%s\nwant at the end:\n%s", got, want)
	}
	mustSay(t, junit(t, r), `errors="7"`, `skipped="1"`, `<error message="could not be read: forbidden" type="forbidden">leases is `)
}

// TestManyReasons verifies that no error is left out without a word.
func TestManyReasons(t *testing.T) {
	t.Parallel()
	r := &diagnosis.Result{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r.Unavailable = append(r.Unavailable, diagnosis.Unavailable{Kind: diagnosis.Source, Name: name, Reason: "forbidden", Detail: name + " is forbidden"})
	}
	mustSay(t, text(t, r), "c is forbidden\n      and 2 more, which -o json tells\n")
}

// full is an alert that fires.
func full() diagnosis.FiringAlert {
	return diagnosis.FiringAlert{
		Alert: "DiskFull", Severity: "critical", Signal: "node_disk", Summary: "It is full.", For: "0s", Commands: "df\n",
		Findings: []ruleeval.Finding{{
			Alert: "DiskFull", Severity: "critical", Signal: "node_disk", Labels: map[string]string{"node": "n"}, Description: "Disk \x1b of n is full.", RunbookURL: "https://x", Detail: "no space",
			Evidence: []ruleeval.Evidence{{Series: "full_since_timestamp_seconds", Value: 1.7e9, Metric: "full_since_timestamp_seconds"}},
		}},
	}
}

// incidents are those of an alert that nothing explains.
func incidents(a diagnosis.FiringAlert) []incident.Incident {
	return (&incident.Graph{}).Group(a.Findings, nil)
}

// TestIncidents verifies that each incident stands above all details with what follows
// from it, that an alert which only follows comes after its cause, and that neither is a
// failure of its own in JUnit.
func TestIncidents(t *testing.T) {
	t.Parallel()
	graph, err := incident.Parse([]byte(`[{"cause": "DiskFull", "explains": "PodsWait", "on": ["node"]}]`))
	if err != nil {
		t.Fatal(err)
	}
	cause, effect := full(), full()
	effect.Alert, effect.Severity, effect.Findings = "PodsWait", "warning", nil
	all := slices.Clone(cause.Findings)
	for range 2 {
		f := ruleeval.Finding{Alert: "PodsWait", Severity: "warning", Labels: map[string]string{"node": "n"}, Description: "Pods of n wait."}
		effect.Findings, all = append(effect.Findings, f), append(all, f)
	}
	r := &diagnosis.Result{
		At:     time.Unix(1.7e9, 0).Add(2 * time.Minute),
		Alerts: []diagnosis.FiringAlert{effect, cause}, Incidents: graph.Group(all, []string{"full_since_timestamp_seconds"}),
		Coverage: diagnosis.Coverage{Evaluated: []string{"DiskFull", "PodsWait", "Other"}},
	}
	mustSay(t, text(t, r),
		"CRITICAL  2m  Disk \uFFFD of n is full. (+2)\n\nCRITICAL DiskFull\n",
		"      Since 2023-11-14 22:13:20 UTC (2m ago).\n      Likely consequences:\n      - WARNING PodsWait: Pods of n wait. And 1 more of this alert, in all of n, n.\n  Look first:\n",
		"what follows from these causes: --unfold.\n", "Incidents: 1 (1 critical). Alerts: 2 of 3 evaluated. Findings: 3.\n")
	mustSay(t, junit(t, r), `tests="2" failures="1"`, `name="DiskFull (node=n)"`, `name="Other"`, "Likely consequences:&#xA;PodsWait: Pods of n wait.&#xA;", "&#xA;df&#xA;")
	var unfolded bytes.Buffer
	if err := report.Text(&unfolded, r, report.Style{Unfold: true}); err != nil {
		t.Fatal(err)
	}
	mustSay(t, unfolded.String(), "\nLikely consequences of the above:\n\nWARNING PodsWait\n", "  - Pods of n wait.\n  - Pods of n wait.\n")
	r.Incidents = nil
	for range 5 {
		r.Incidents = append(r.Incidents, incidents(cause)...)
	}
	if got := text(t, r); strings.Count(got, "CRITICAL  Disk \uFFFD") != 3 || !strings.Contains(got, "\n2 more, of these or other alerts") {
		t.Errorf("not three of five alike, and their number:\n%s", got)
	}
	for i := range 30 {
		other := full()
		other.Findings[0].Alert = fmt.Sprint("Other", i)
		r.Incidents = append(r.Incidents, incidents(other)...)
	}
	mustSay(t, text(t, r), "\n15 more, of these or other alerts")
}

// TestAlerts verifies what is told of an alert that fires, and that nothing of the
// cluster steers a terminal.
func TestAlerts(t *testing.T) {
	t.Parallel()
	r := &diagnosis.Result{
		At:     time.Unix(1.7e9, 0).Add(2 * time.Minute),
		Alerts: []diagnosis.FiringAlert{full()}, Incidents: incidents(full()), Coverage: diagnosis.Coverage{Evaluated: []string{"DiskFull", "Other"}},
	}
	all := []string{"Disk \uFFFD of n is full.", "no space", "full_since_timestamp_seconds = 2023-11-14 22:13:20 UTC (2m ago)"}
	mustSay(t, text(t, r), append(all, "CRITICAL DiskFull\n  It is full.\n", "    df\n", "Runbook: https://x\n", "Incidents: 1 (1 critical). Alerts: 1 of 2 evaluated. Findings: 1.\n")...)
	mustSay(t, junit(t, r), append(all, `tests="2" failures="1"`, `<testcase classname="kubevitals" name="DiskFull (node=n)">`, "Disk \uFFFD of n is full.\" type=\"critical\">")...)
	var colours bytes.Buffer
	if err := report.Text(&colours, r, report.Style{Colour: true}); err != nil || !strings.Contains(colours.String(), "\x1b[1;31mCRITICAL\x1b[0m") {
		t.Errorf("%v, no colours in:\n%s", err, colours.String())
	}
}

// TestTextOfAWait verifies that a text says for how long the alert waits: one look
// does not say that something lasted as long.
func TestTextOfAWait(t *testing.T) {
	t.Parallel()
	for wait, want := range map[string]string{"5m": "  It is full. Alert fires after 5m.\n", "0s": "  It is full.\n"} {
		a := full()
		a.For = wait
		mustSay(t, text(t, &diagnosis.Result{Alerts: []diagnosis.FiringAlert{a}, Incidents: incidents(a)}), want)
	}
	a := full()
	a.Findings[0].Projected = true
	r := &diagnosis.Result{Alerts: []diagnosis.FiringAlert{a}, Incidents: incidents(a), Coverage: diagnosis.Coverage{Evaluated: []string{"DiskFull"}}}
	mustSay(t, text(t, r), "of n is full. (Not for long enough to be an alert yet.)\n")
	mustSay(t, junit(t, r), "of n is full. (Not for long enough to be an alert yet.)")
}

// TestCoverage verifies that alerts of which a look cannot tell are told, and that
// only a look that is complete gives the all-clear.
func TestCoverage(t *testing.T) {
	t.Parallel()
	r := &diagnosis.Result{Coverage: diagnosis.Coverage{Evaluated: []string{"A"}}, Projected: []string{"A"}}
	mustSay(t, text(t, r), "All clear: none of 1 alerts holds.\n", "Not for long enough to be an alert yet: A; --stays=1h tells more.\n")
	r.NodesNotReady = []string{"n"}
	mustSay(t, text(t, r), "No alert holds yet, of 1, and this node is not ready: n.\n")
	r.NodesNotReady = strings.Fields("a b c d e f g")
	mustSay(t, text(t, r), "No alert holds yet, of 1, and 7 nodes are not ready: a, b, c, d, e and 2 more.\n")
	// A dump of which nothing is seen, beside one that has all that there is to see.
	r.NodesNotReady, r.Snapshot = nil, true
	mustSay(t, text(t, r), "All clear: none of 1 alerts holds.\n")
	r.Signals = []diagnosis.Signal{{Name: "a", State: diagnosis.StateNoData, Alerts: 1}, {Name: "b", State: diagnosis.StateUnavailable, Alerts: 1}}
	mustSay(t, text(t, r), "Could not tell: none of 1 alerts holds")
	r.Signals[0].State = diagnosis.StateOK
	mustSay(t, text(t, r), "All clear: none of 1 alerts holds.\n")
	r.Coverage = diagnosis.Coverage{
		Unavailable: []string{"B"}, Disabled: map[string][]string{"off": {"C", "D"}}, InsufficientHistory: []string{"E"}, NotEvaluated: []string{"off"},
	}
	mustSay(t, text(t, r), "Could not tell: none of 0 alerts", "Not looked at here: off.\n", "this look cannot tell: off.\n", "further back than a check, for Prometheus to evaluate: 1.\n")
	mustSay(t, junit(t, r), `tests="4" failures="0" errors="0" skipped="4"`, "not looked at here", "could not be read", "further back")
}

// broken is where nothing can be written, such as a full disk.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space") }

// TestWriting verifies that no form takes a result for written that is not.
func TestWriting(t *testing.T) {
	t.Parallel()
	r := &diagnosis.Result{Alerts: []diagnosis.FiringAlert{full()}}
	for name, err := range map[string]error{
		"text": report.Text(broken{}, r, report.Style{}), "json": report.JSON(broken{}, r), "junit": report.JUnit(broken{}, r),
		"sarif": report.SARIF(broken{}, r, ""), "markdown": report.Markdown(broken{}, r, ""), "html": report.HTML(broken{}, r, ""), "github": report.GitHub(broken{}, r),
		"changes": report.Changes(broken{}, change.Changes{}, report.Style{}), "since": report.Since(broken{}, change.Changes{}, report.Style{}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
