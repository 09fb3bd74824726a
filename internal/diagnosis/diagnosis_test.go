package diagnosis_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/sources/health"
)

// someRules are of signals in all states, and of kubevitals itself.
const someRules = `
groups:
  - name: g
    rules:
      - {alert: Fires, expr: 'kubevitals_sick_up == 0', labels: {severity: critical, signal: sick}}
      - {alert: FiresNot, expr: 'kubevitals_sick_full > 0', labels: {severity: warning, signal: sick}}
      - {alert: OfNoData, expr: 'kubevitals_empty_full > 0', labels: {severity: warning, signal: empty}}
      - {alert: OfDisabled, expr: 'kubevitals_disabled_full > 0', labels: {severity: warning, signal: disabled}}
      - {alert: OfDisabledInADay, expr: 'kubevitals_disabled_full offset 1d > 0', labels: {severity: warning, signal: disabled}}
      - {alert: OfFailed, expr: 'kubevitals_failed_full > 0', labels: {severity: warning, signal: failed}}
      - {alert: NeedsADay, expr: 'kubevitals_sick_up offset 1d == 0', labels: {severity: info, signal: sick}}
      - {alert: FiresInADay, expr: 'max_over_time(kubevitals_sick_up[1d]) == 0', labels: {severity: info, signal: sick}}
      - {alert: Waits, expr: 'time() - kubevitals_ok_oldest_timestamp_seconds > 300', labels: {severity: warning, signal: ok}}
      - {alert: SourceUnavailable, expr: 'max by (source) (kubevitals_source_available) == 0', labels: {severity: warning, signal: exporter}}
      - {alert: CollectorFailing, expr: 'kubevitals_scrape_collector_success == 0', labels: {severity: warning, signal: exporter}}
      - {alert: KubeletsUnreadable, expr: 'max(count by (endpoint) (kubevitals_kubelet_available == 0) / count by (endpoint) (kubevitals_kubelet_available)) > 0.1', labels: {severity: warning, signal: exporter}}
`

// scrape is of a cluster at time 1000 with signals in all states.
const scrape = `
kubevitals_scrape_collector_success{collector="sick"} 1
kubevitals_scrape_collector_success{collector="empty"} 1
kubevitals_scrape_collector_success{collector="ok"} 1
kubevitals_scrape_collector_success{collector="failed"} 0
kubevitals_sick_up{node="n"} 0
kubevitals_sick_up{node="m"} 1
kubevitals_ok_oldest_timestamp_seconds 900
`

func rules(t *testing.T) *ruleeval.Rules {
	t.Helper()
	return parse(t, someRules)
}

func parse(t *testing.T, text string) *ruleeval.Rules {
	t.Helper()
	parsed, err := ruleeval.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// diagnose evaluates the rules over one scrape.
func diagnose(t *testing.T, text string, o diagnosis.Options) *diagnosis.Result {
	t.Helper()
	o.Rules = rules(t)
	return observe(t, text, o, nil)
}

// observe evaluates rules over one scrape of an observation that change changes.
func observe(t *testing.T, text string, o diagnosis.Options, change func(*diagnosis.Observation)) *diagnosis.Result {
	t.Helper()
	if o.Rules == nil {
		o.Rules = rules(t)
	}
	families, err := exporter.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1000, 0)
	samples := ruleeval.NewSamples(nil)
	samples.Add(families, at)
	seen := diagnosis.Observation{
		Cluster: "lab", At: at, Window: time.Second, Families: families, Samples: samples, Errors: knownErrors(), NotRecorded: []string{"recorded"},
	}
	if change != nil {
		change(&seen)
	}
	r, err := diagnosis.Diagnose(t.Context(), seen, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// known are errors by what they are about.
type known map[string]error

func (k known) SourceErr(source string) error       { return k["source "+source] }
func (k known) CollectorErr(collector string) error { return k["collector "+collector] }
func (k known) KubeletErr(endpoint string, reason health.Reason) error {
	return k["kubelet "+endpoint+" "+string(reason)]
}

func knownErrors() known {
	refused := &health.UnavailableError{
		State: health.State{Source: "pods", Reason: health.Unreachable},
		Cause: &url.Error{Op: "Get", URL: "https://server/pods?watch=true", Err: errors.New("connection refused")},
	}
	return known{
		"source pods":            refused,
		"collector pending_pods": refused,
		"collector etcd":         errors.New("no certificate"),
		"kubelet configz tls":    fmt.Errorf("kubelet n: %w", &url.Error{Op: "Get", URL: "https://n/configz", Err: errors.New("unknown authority")}),
	}
}

func firing(r *diagnosis.Result) []string {
	var all []string
	for _, a := range r.Alerts {
		all = append(all, a.Alert)
	}
	return all
}

// TestCoverage verifies that an alert counts as evaluated only where a look can say
// whether it fires, and that each alert has one place.
func TestCoverage(t *testing.T) {
	t.Parallel()
	r := diagnose(t, scrape, diagnosis.Options{})
	want := diagnosis.Coverage{
		Evaluated:           []string{"Fires", "FiresNot", "OfNoData", "FiresInADay", "Waits", "SourceUnavailable", "CollectorFailing", "KubeletsUnreadable"},
		Unavailable:         []string{"OfFailed"},
		Disabled:            map[string][]string{"disabled": {"OfDisabled", "OfDisabledInADay"}},
		InsufficientHistory: []string{"NeedsADay"},
		NotEvaluated:        []string{},
	}
	if diff := cmp.Diff(want, r.Coverage); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
	signals := []diagnosis.Signal{
		{Name: "sick", State: diagnosis.StateFiring, Alerts: 4}, {Name: "empty", State: diagnosis.StateNoData, Alerts: 1},
		{Name: "disabled", State: diagnosis.StateDisabled, Alerts: 2}, {Name: "failed", State: diagnosis.StateUnavailable, Alerts: 1},
		{Name: "ok", State: diagnosis.StateOK, Alerts: 1},
	}
	if diff := cmp.Diff(signals, r.Signals); diff != "" {
		t.Errorf("signals (-want +got):\n%s", diff)
	}
	if got, want := firing(r), []string{"Fires", "CollectorFailing", "FiresInADay"}; !slices.Equal(got, want) {
		t.Errorf("%v fire, want %v", got, want)
	}
	if r.Version != diagnosis.SchemaVersion || r.Window != "1s" || r.Cluster != "lab" {
		t.Errorf("of what: %+v", r)
	}
}

// TestSelection verifies what --only and --severity leave, and that a look is not
// complete of which nothing that was asked for was evaluated.
func TestSelection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, severity string
		only           []string
		fires          []string
		evaluated      int
		notEvaluated   []string
		complete       bool
	}{
		{"a signal", "info", []string{"sick"}, []string{"Fires", "FiresInADay"}, 3, []string{}, true},
		{"as severe", "warning", []string{"sick"}, []string{"Fires"}, 2, []string{}, true},
		{"an alert that fires not", "info", []string{"FiresNot"}, nil, 1, []string{}, true},
		{"what is not looked at", "info", []string{"disabled"}, nil, 0, []string{"disabled"}, false},
		{"beside what is", "info", []string{"disabled", "ok", "OfFailed"}, nil, 1, []string{"disabled", "OfFailed"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			selection, err := diagnosis.Select(rules(t), test.only, test.severity)
			if err != nil {
				t.Fatal(err)
			}
			r := diagnose(t, strings.ReplaceAll(scrape, `kubevitals_scrape_collector_success{collector="failed"} 0`, ""), diagnosis.Options{Selection: selection})
			if got := firing(r); !slices.Equal(got, test.fires) {
				t.Errorf("%v fire, want %v", got, test.fires)
			}
			if len(r.Coverage.Evaluated) != test.evaluated || !slices.Equal(r.Coverage.NotEvaluated, test.notEvaluated) || r.Complete() != test.complete {
				t.Errorf("complete is %t, coverage %+v", r.Complete(), r.Coverage)
			}
		})
	}
	for name, test := range map[string]struct {
		only     []string
		severity string
	}{`"nothing"`: {[]string{"sick", "nothing"}, "info"}, "as severe as critical": {[]string{"ok"}, "critical"}} {
		if _, err := diagnosis.Select(rules(t), test.only, test.severity); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v, want %s", test, err, name)
		}
	}
}

// TestProjection verifies that what will fire is only named, or with a time among
// the findings, sorted.
func TestProjection(t *testing.T) {
	t.Parallel()
	onsets := []string{"kubevitals_ok_oldest_timestamp_seconds"}
	for _, test := range []struct {
		name       string
		projection *diagnosis.Projection
		projected  []string
		fires      bool
	}{
		{"no projection", nil, []string{}, false},
		{"only names", &diagnosis.Projection{Onsets: onsets}, []string{"Waits"}, false},
		{"too short", &diagnosis.Projection{Onsets: onsets, Stays: time.Minute}, []string{}, false},
		{"long enough", &diagnosis.Projection{Onsets: onsets, Stays: 4 * time.Minute}, []string{}, true},
	} {
		r := diagnose(t, scrape, diagnosis.Options{Projection: test.projection})
		if !slices.Equal(r.Projected, test.projected) || slices.Contains(firing(r), "Waits") != test.fires {
			t.Errorf("%s: %v fire, projected %v", test.name, firing(r), r.Projected)
		}
		for i, a := range r.Alerts {
			if a.Alert == "Waits" && (!a.Findings[0].Projected || i != 2) {
				t.Errorf("%s: not marked, or not sorted: %v", test.name, firing(r))
			}
		}
	}
}
