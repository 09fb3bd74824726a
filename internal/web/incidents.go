package web

import (
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
)

const (
	// mostIncidents bounds the incidents at the top of the page, and mostConsequences
	// what is named there of one. All of both stand below.
	mostIncidents    = 50
	mostConsequences = 10
)

// incidentLine is one trouble in a line: its cause in words, which lead to the runbook, and
// the alerts that follow from it.
type incidentLine struct {
	Severity, SeverityName, Summary, URL, Since string
	Follows                                     []link
	// More is the number of what follows beside that which is named.
	More int
}

// incidents are those of the cluster, the worst first, and the number of those that are
// too many for a page.
func (r reader) incidents(result *diagnosis.Result, lang string) (lines []incidentLine, more int) {
	for _, one := range result.Incidents {
		if !diagnosis.AboutCluster(one) {
			continue
		}
		if len(lines) == mostIncidents {
			more++
			continue
		}
		line := incidentLine{
			Severity: one.Severity, SeverityName: r.words[one.Severity], Summary: one.Summary,
			URL: runbookOf(one.Cause, lang), More: max(0, len(one.Consequences)-mostConsequences),
		}
		if !one.Since.IsZero() {
			line.Since = r.Age(one.Since)
		}
		for _, m := range one.Consequences[:len(one.Consequences)-line.More] {
			line.Follows = append(line.Follows, link{m.Alert + " " + named(m.Labels), runbookOf(m, lang)})
		}
		lines = append(lines, line)
	}
	return lines, more
}

func runbookOf(m incident.Member, lang string) string {
	return "runbooks/" + m.Alert + "?" + query(pairs(m.Labels), lang)
}
