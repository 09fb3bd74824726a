package report

import (
	"fmt"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

const (
	// mostIncidents bounds the incidents that a person is shown at the top.
	mostIncidents = 20
	// mostConsequences bounds the findings that are named there of one.
	mostConsequences = 5
)

// incidents shows what is wrong in a line each, before all details.
func (p *printer) incidents(all []incident.Incident) {
	if len(all) == 0 {
		return
	}
	p.line("")
	for i, one := range all {
		if i == mostIncidents {
			p.line("and %d more, which -o json names", len(all)-i)
			break
		}
		began := ""
		if !one.Since.IsZero() {
			began = " Since " + one.Since.UTC().Format("2006-01-02 15:04:05 MST") + "."
		}
		p.line("%s %s%s", p.severity(one.Severity), p.bold(one.Summary), began)
		if follows := consequences(one); follows != "" {
			p.line("  From it follows: %s.", plain(follows))
		}
	}
}

// consequences names what follows from a cause, with the objects of each.
func consequences(one incident.Incident) string {
	var words []string
	for i, m := range one.Consequences {
		if i == mostConsequences {
			words = append(words, fmt.Sprintf("%d more", len(one.Consequences)-i))
			break
		}
		words = append(words, named(m))
	}
	return strings.Join(words, ", ")
}

// named is an alert with the objects that it is about.
func named(m incident.Member) string {
	var names []string
	for _, o := range incident.ObjectsOf(m.Labels) {
		names = append(names, o.String())
	}
	if len(names) == 0 {
		return m.Alert
	}
	return m.Alert + " (" + strings.Join(names, ", ") + ")"
}

// split separates the alerts with a finding that is the cause of an incident from those
// that only follow from others.
func split(r *diagnosis.Result) (causes, follow []diagnosis.FiringAlert) {
	for _, a := range r.Alerts {
		if len(r.Incidents) == 0 || r.IsCause(a.Alert) {
			causes = append(causes, a)
		} else {
			follow = append(follow, a)
		}
	}
	return causes, follow
}

// bySeverity counts incidents: 3 (1 critical, 2 warning).
func bySeverity(all []incident.Incident) string {
	counts := map[string]int{}
	for _, one := range all {
		counts[one.Severity]++
	}
	var parts []string
	for _, severity := range ruleeval.Severities() {
		if counts[severity] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[severity], severity))
		}
	}
	return fmt.Sprintf("%d (%s)", len(all), strings.Join(parts, ", "))
}
