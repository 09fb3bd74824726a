// Package report writes the result of a diagnosis for people, for programs and for
// CI systems.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/humanize"
)

const (
	// mostFindings bounds the findings of one alert that a person is shown.
	mostFindings = 10
	// mostEvidence bounds the samples that are shown of one finding.
	mostEvidence = 5
	// mostNamed bounds the alerts that are named of which nothing can be told.
	mostNamed = 3
	// mostDetails bounds the errors that are shown of one reason.
	mostDetails = 3
)

// Text writes a result for people, with colours if wanted.
func Text(w io.Writer, r *diagnosis.Result, colour bool) error {
	p := &printer{colour: colour, values: valuesAt(r)}
	p.line("%s", p.bold(fmt.Sprintf("%s, %s", r.Cluster, r.At.UTC().Format("2006-01-02 15:04:05 MST"))))
	if r.TakenFrom != "" {
		p.line("The time is that of the dump, by %s.", plain(r.TakenFrom))
	}
	p.incidents(r.Incidents)
	causes, follow := split(r)
	for _, a := range causes {
		p.alert(a)
	}
	if len(follow) > 0 {
		p.line("")
		p.line("%s", p.bold("Likely consequences of the above:"))
	}
	for _, a := range follow {
		p.alert(a)
	}
	p.line("")
	p.line("%s", p.bold(summary(r)))
	p.unavailable(r.Unavailable, r.Absent)
	for _, remark := range remarks(r) {
		p.line("%s", plain(remark))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// remarks say what the result does not tell of, and why.
func remarks(r *diagnosis.Result) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if len(r.Absent) > 0 {
		add("%s.", absent(r))
	}
	if len(r.Projected) > 0 {
		add("Not for long enough to be an alert yet: %s; --stays=1h tells more.", strings.Join(r.Projected, ", "))
	}
	c := r.Coverage
	if len(c.Disabled) > 0 {
		add("Not looked at here: %s.", strings.Join(slices.Sorted(maps.Keys(c.Disabled)), ", "))
	}
	if len(c.NotEvaluated) > 0 {
		add("Asked for, but this look cannot tell: %s.", strings.Join(c.NotEvaluated, ", "))
	}
	switch n := len(c.Unavailable); {
	case n > mostNamed:
		add("Alerts about what was not seen: %d, which -o json names.", n)
	case n > 0:
		add("Alerts about what was not seen: %s.", strings.Join(c.Unavailable, ", "))
	}
	if len(c.InsufficientHistory) > 0 {
		add("Alerts that %s, for Prometheus to evaluate: %d.", further(r), len(c.InsufficientHistory))
	}
	return all
}

// further says what alerts need that this look cannot evaluate.
func further(r *diagnosis.Result) string {
	oneSample := r.Window == time.Duration(0).String()
	switch {
	case oneSample && r.Snapshot:
		return "need more than the one moment of the dump"
	case oneSample:
		return "need a second sample (--window=15s) or look further back than a check"
	}
	return "look further back than a check"
}

// waiting names nodes that are not ready and that no alert tells of.
func waiting(nodes []string) string {
	const most = 5
	some := strings.Join(nodes[:min(len(nodes), most)], ", ")
	if more := len(nodes) - most; more > 0 {
		some += fmt.Sprintf(" and %d more", more)
	}
	if len(nodes) == 1 {
		return "this node is not ready: " + some
	}
	return fmt.Sprintf("%d nodes are not ready: %s", len(nodes), some)
}

// summary is the result in one line.
func summary(r *diagnosis.Result) string {
	evaluated := len(r.Coverage.Evaluated)
	if len(r.Alerts) == 0 {
		switch {
		case r.Complete() && len(r.NodesNotReady) > 0:
			return fmt.Sprintf("No alert holds yet, of %d, and %s.", evaluated, waiting(r.NodesNotReady))
		case r.Complete() && len(r.Absent) > 0 && r.Snapshot:
			return fmt.Sprintf("All clear in what the dump holds: none of %d alerts holds.", evaluated)
		case r.Complete():
			return fmt.Sprintf("All clear: none of %d alerts holds.", evaluated)
		}
		return fmt.Sprintf("Could not tell: none of %d alerts holds, but not everything could be looked at.", evaluated)
	}
	findings := 0
	for _, a := range r.Alerts {
		findings += len(a.Findings)
	}
	return fmt.Sprintf("Incidents: %s. Alerts: %d of %d evaluated. Findings: %d.", bySeverity(r.Incidents), len(r.Alerts), evaluated, findings)
}

type printer struct {
	b      strings.Builder
	colour bool
	values humanize.Reader
}

// valuesAt writes values as of the time of the result.
func valuesAt(r *diagnosis.Result) humanize.Reader {
	return humanize.Reader{Words: humanize.English(), Now: r.At}
}

// line writes one line; what comes from the cluster cannot steer a terminal.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.b, format+"\n", args...)
}

func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

func (p *printer) bold(text string) string { return p.paint("1", plain(text)) }

func (p *printer) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p *printer) severity(severity string) string {
	codes := map[string]string{"critical": "1;31", "warning": "1;33", "info": "1;36"}
	return p.paint(codes[severity], strings.ToUpper(severity))
}

func (p *printer) alert(a diagnosis.FiringAlert) {
	p.line("")
	p.line("%s %s", p.severity(a.Severity), p.bold(a.Alert))
	p.line("  %s%s", plain(a.Summary), wait(a))
	for i, f := range a.Findings {
		if i == mostFindings {
			p.line("  - and %d more", len(a.Findings)-i)
			break
		}
		p.line("  - %s%s", plain(f.Description), projected(f))
		if f.Detail != "" {
			p.line("      %s", plain(f.Detail))
		}
		for _, e := range ruleeval.First(f.Evidence, mostEvidence) {
			p.line("      %s", p.paint("2", plain(measured(p.values, e))))
		}
		if more := len(f.Evidence) - mostEvidence; more > 0 {
			p.line("      %s", p.paint("2", fmt.Sprintf("and %d more, which -o json names", more)))
		}
	}
	if a.Commands != "" {
		p.line("  Look first:")
		for line := range strings.Lines(a.Commands) {
			p.line("    %s", plain(strings.TrimRight(line, "\n")))
		}
	}
	p.line("  Runbook: %s", plain(a.Findings[0].RunbookURL))
}

// wait says how long the alert waits, which a text that says "for 5 minutes" takes
// for granted and one look does not.
func wait(a diagnosis.FiringAlert) string {
	if a.For == "0s" {
		return ""
	}
	return " Alert fires after " + a.For + "."
}

// projected marks what is no alert yet.
func projected(f ruleeval.Finding) string {
	if f.Projected {
		return " (Not for long enough to be an alert yet.)"
	}
	return ""
}

func measured(values humanize.Reader, e ruleeval.Evidence) string {
	return e.Series + " = " + values.Value(e.Metric, float64(e.Value))
}

// unavailable says what could not be read, by reason.
func (p *printer) unavailable(all, absent []diagnosis.Unavailable) {
	if len(all) == 0 {
		return
	}
	groups, waiting := byReason(all, absent)
	p.line("Could not be read:")
	for _, g := range groups {
		p.line("  %s: %s", g.reason, plain(g.names()))
		for _, d := range g.details[:min(len(g.details), mostDetails)] {
			p.line("      %s", p.paint("2", plain(d)))
		}
		if more := len(g.details) - mostDetails; more > 0 {
			p.line("      and %d more, which -o json tells", more)
		}
	}
	if names := waiting.names(); names != "" {
		p.line("  without a source: %s", plain(names))
	}
}

// absent names what the cluster or the snapshot does not have.
func absent(r *diagnosis.Result) string {
	var group sameReason
	for _, u := range r.Absent {
		group.add(u)
	}
	if r.Snapshot {
		return "Not in the dump: " + group.names()
	}
	return "Not there: " + group.names()
}
