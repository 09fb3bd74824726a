package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/humanize"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/sources"
)

const (
	// mostSamples bounds the series that stand beside a runbook, and mostOthers the
	// labels for which its alert holds, too.
	mostSamples = 12
	mostOthers  = 20
	// mostEvents bounds the recent events that are shown.
	mostEvents = 8
)

// evidence is what is known at present of what an alert is about.
type evidence struct {
	// Unknown says that there is no report.
	Unknown bool
	// Firing tells whether the alert fires for the labels of the page, and Verdict
	// the same in words, or why that cannot be told.
	Firing  bool
	Verdict string
	At, Age string
	// Descriptions are those of the findings for the labels of the page.
	Descriptions []said
	// Others lead to the same page for other labels that the alert holds for.
	Others  []link
	Samples []sample
	// States are, for the labels of a page, the values of labels of all series that the alert
	// goes by and that are not zero: a cause, a reason or a state stands there.
	States map[string]bool
	// More is the number of series that are not shown.
	More  int
	Facts []factTable
}

// said is a text and its language.
type said struct{ Text, Lang string }

type sample struct{ Name, Value string }

type factTable struct {
	// Object is what all rows are about; if empty, they name their own.
	Title, Object string
	Rows          []factRow
}

type factRow struct{ Name, Object, Value, Age, Message string }

func (s *server) evidence(ctx context.Context, alert string, c content) *evidence {
	report, err := s.report(ctx, c.Lang)
	if err != nil {
		return &evidence{Unknown: true}
	}
	own := map[string]string{}
	for _, l := range c.Labels {
		own[l.Name] = l.Value
	}
	r := s.reader(c)
	e := &evidence{At: clock(report.At), Age: r.Age(report.At)}
	e.findings(report, alert, own, c.Lang)
	samples := report.Evidence(alert, own)
	if len(own) > 0 {
		e.States = statesOf(samples)
	}
	e.Samples = r.samples(samples[:min(len(samples), mostSamples)])
	e.More = len(samples) - len(e.Samples)
	e.Facts = s.facts(r, own)
	e.Verdict = c.Words[s.verdict(report, alert, e, len(own) > 0)]
	return e
}

// verdict names the words for whether the alert holds. That nothing was found is
// no proof where something could not be read.
func (s *server) verdict(report *livestatus.Report, alert string, e *evidence, ofLabels bool) string {
	if e.Firing {
		return "holds"
	}
	switch s.state(report, alert) {
	case diagnosis.StateUnavailable:
		return "holdsUnavailable"
	case diagnosis.StateDisabled:
		return "holdsDisabled"
	}
	switch {
	case slices.Contains(report.Coverage.InsufficientHistory, alert):
		return "holdsInsufficientHistory"
	case len(e.Samples) == 0 && len(report.Unavailable) > 0:
		return "holdsIncomplete"
	case !ofLabels:
		return "holdsNot"
	case len(e.Samples) == 0:
		return "holdsNoSeries"
	}
	return "holdsNotThese"
}

// state is that of the signal of an alert.
func (s *server) state(report *livestatus.Report, alert string) diagnosis.State {
	for _, a := range s.Rules.Alerts() {
		if a.Name == alert {
			return report.StateOf(a.Signal)
		}
	}
	return diagnosis.StateOK
}

// findings sorts what the alert holds for into that of the page and the others.
func (e *evidence) findings(report *livestatus.Report, alert string, own map[string]string, lang string) {
	for _, f := range report.Findings(alert) {
		if len(own) > 0 && agrees(f.Labels, own) {
			e.Firing = true
			e.Descriptions = append(e.Descriptions, said{f.Description, languageOf(f.Description)})
			continue
		}
		e.Others = append(e.Others, link{named(f.Labels), alert + "?" + query(pairs(f.Labels), lang)})
	}
	e.Firing = e.Firing || len(own) == 0 && len(e.Others) > 0
	e.Descriptions = e.Descriptions[:min(len(e.Descriptions), mostOthers)]
	e.Others = e.Others[:min(len(e.Others), mostOthers)]
}

// agrees tells whether a finding is one of those that labels of a page name. The
// cluster may have another name in Prometheus than here, and a page may bear more
// labels than a finding.
func agrees(finding, own map[string]string) bool {
	for name, value := range own {
		if has, ok := finding[name]; ok && has != value && !ofTarget(name) {
			return false
		}
	}
	return true
}

// ofTarget names the labels that Prometheus adds and that say nothing here.
func ofTarget(name string) bool { return slices.Contains([]string{"cluster", "job", "instance"}, name) }

// named are the labels of a finding in one line.
func named(labels map[string]string) string {
	var parts []string
	for _, p := range pairs(labels) {
		if !ofTarget(p.Name) && p.Value != "" {
			parts = append(parts, p.Name+"="+p.Value)
		}
	}
	return cmp.Or(strings.Join(parts, " "), labels["cluster"], "{}")
}

func pairs(labels map[string]string) []pair {
	var all []pair
	for name, value := range labels {
		all = append(all, pair{name, value})
	}
	slices.SortFunc(all, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// reader writes what is shown in the words of a language, as of now.
type reader struct {
	words map[string]string
	humanize.Reader
}

func (s *server) reader(c content) reader {
	spoken := humanize.English()
	if c.Lang == chinese {
		spoken = humanize.Chinese()
	}
	return reader{c.Words, humanize.Reader{Words: spoken, Now: s.Now()}}
}

// clock is the time of the day.
func clock(at time.Time) string { return at.UTC().Format("15:04:05 UTC") }

func (r reader) samples(list []ruleeval.Evidence) []sample {
	var all []sample
	for _, e := range list {
		all = append(all, sample{e.Series, r.Value(e.Metric, float64(e.Value))})
	}
	return all
}

func statesOf(samples []ruleeval.Evidence) map[string]bool {
	states := map[string]bool{}
	for _, one := range samples {
		if one.Value == 0 {
			continue
		}
		for _, value := range one.Labels() {
			states[value] = true
		}
	}
	return states
}

// facts are conditions, events and readings of the objects that the labels name.
func (s *server) facts(r reader, own map[string]string) []factTable {
	facts := s.Facts(own)
	events := facts.Events[:min(len(facts.Events), mostEvents)]
	var tables []factTable
	for _, t := range []struct {
		title string
		facts []sources.Fact
	}{{"conditions", facts.Conditions}, {"events", events}, {"readings", facts.Readings}} {
		if len(t.facts) == 0 {
			continue
		}
		table := factTable{Title: r.words[t.title]}
		for _, f := range t.facts {
			table.Rows = append(table.Rows, factRow{f.Name, f.Object, f.Value, r.Age(f.At), f.Message})
		}
		table.shareObject()
		tables = append(tables, table)
	}
	return tables
}

// shareObject names an object once that all rows are about.
func (t *factTable) shareObject() {
	object := t.Rows[0].Object
	if slices.ContainsFunc(t.Rows, func(r factRow) bool { return r.Object != object }) {
		return
	}
	t.Object = object
	for i := range t.Rows {
		t.Rows[i].Object = ""
	}
}
