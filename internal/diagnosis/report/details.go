package report

import (
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/humanize"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

// section is an alert with those of its findings that are shown together.
type section struct {
	diagnosis.FiringAlert
	// of are the incidents whose causes the findings are, one each; none of those that
	// only follow.
	of []incident.Incident
}

// details shows each alert that is the cause of an incident, in the order of the overview,
// and folded below its findings what follows from them.
func (p *printer) details(r *diagnosis.Result) {
	causes, follow := sections(r)
	for _, s := range causes {
		p.section(s)
	}
	switch {
	case len(follow) == 0:
	case p.Unfold:
		p.line("")
		p.text("", "1", p.say("Likely consequences of the above:"))
		for _, s := range follow {
			p.section(s)
		}
	default:
		p.line("")
		p.text("", "", p.say("Evidence and commands of what follows from these causes: --unfold."))
	}
}

// sections are the alerts by the findings that are causes, and by those that follow.
func sections(r *diagnosis.Result) (causes, follow []section) {
	for _, one := range r.Incidents {
		causes = put(causes, r, one.Cause)
		s := &causes[slices.IndexFunc(causes, func(s section) bool { return s.Alert == one.Cause.Alert })]
		s.of = append(s.of, one)
		for _, m := range one.Consequences {
			follow = put(follow, r, m)
		}
	}
	return causes, follow
}

// put adds a finding to the section of its alert, whose commands are about the first.
func put(all []section, r *diagnosis.Result, m incident.Member) []section {
	i := slices.IndexFunc(all, func(s section) bool { return s.Alert == m.Alert })
	if i < 0 {
		s := section{FiringAlert: diagnosis.FiringAlert{Alert: m.Alert, Severity: m.Severity}}
		if at := slices.IndexFunc(r.Alerts, func(a diagnosis.FiringAlert) bool { return a.Alert == m.Alert }); at >= 0 {
			s.FiringAlert = r.Alerts[at]
			if !sameLabels(s.Findings[0], m.Finding) {
				s.Commands = diagnosis.FirstCommands(m.Alert, m.Labels)
			}
		}
		s.Findings = nil
		i, all = len(all), append(all, s)
	}
	all[i].Findings = append(all[i].Findings, m.Finding)
	return all
}

func sameLabels(a, b ruleeval.Finding) bool {
	return named(incident.Member{Labels: a.Labels}) == named(incident.Member{Labels: b.Labels})
}

func (p *printer) section(s section) {
	p.line("")
	p.line("%s %s", p.severity(s.Severity), p.paint("1", plain(s.Alert)))
	p.text("  ", "", s.Summary+p.wait(s.FiringAlert))
	for i, f := range s.Findings {
		if i == mostFindings {
			p.text("  - ", "", p.say("and %d more, which -o json names", len(s.Findings)-i))
			break
		}
		p.finding(f)
		if len(s.of) > 0 {
			p.folded(s.of[i])
		}
	}
	if s.Commands != "" {
		p.line("  %s", p.say("Look first:"))
		for line := range strings.Lines(s.Commands) {
			p.line("    %s", plain(strings.TrimRight(line, "\n")))
		}
	}
	p.line("  %s", p.say("Runbook: %s", plain(s.Findings[0].RunbookURL)))
}

func (p *printer) finding(f ruleeval.Finding) {
	p.text("  - ", "", f.Description+p.projected(f))
	if f.Detail != "" {
		p.text("      ", "", f.Detail)
	}
	for _, e := range ruleeval.First(f.Evidence, mostEvidence) {
		text := measured(p.values, e)
		if lines := p.wrapped(len("      "), text); terminal.Columns(lines[0])+len("      ") > p.Columns && p.Columns > 0 {
			text = strings.Replace(text, "{", " {", 1) // where a query may be parted, too
		}
		lead := "      "
		for _, line := range p.wrapped(len("        "), text) {
			p.line("%s%s", lead, p.paint("2", line))
			lead = "        "
		}
	}
	if more := len(f.Evidence) - mostEvidence; more > 0 {
		p.text("      ", "2", p.say("and %d more, which -o json names", more))
	}
}

// folded says since when an incident is, and in a sentence for each alert what follows
// from it.
func (p *printer) folded(one incident.Incident) {
	if !one.Since.IsZero() {
		p.text("      ", "", p.say("Since %s.", p.values.Moment(one.Since)))
	}
	follows := byAlert(one)
	if len(follows) == 0 {
		return
	}
	p.line("      %s", p.say("Likely consequences:"))
	for _, f := range follows {
		p.after("      - "+p.severity(f.first.Severity)+" ", len("      - ")+terminal.Columns(p.say(strings.ToUpper(f.first.Severity)))+1, "", f.first.Alert+": "+f.first.Sentence()+p.others(f))
	}
}

// wait says how long the alert waits, which a text that says "for 5 minutes" takes
// for granted and one look does not.
func (w words) wait(a diagnosis.FiringAlert) string {
	if a.For == "0s" {
		return ""
	}
	return w.say(" Alert fires after %s.", w.span(a.For))
}

// projected marks what is no alert yet.
func (w words) projected(f ruleeval.Finding) string {
	if f.Projected {
		return w.say(" (Not for long enough to be an alert yet.)")
	}
	return ""
}

func measured(values humanize.Reader, e ruleeval.Evidence) string {
	return e.Series + " = " + values.Value(e.Metric, float64(e.Value))
}
