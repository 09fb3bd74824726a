package web

import (
	"fmt"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
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
	// Lang is the language of Summary.
	Severity, SeverityName, Summary, Lang, URL, Since string
	Follows                                           []link
	// More is the number of what follows beside that which is named.
	More int
}

// incidents are those of the cluster, the worst first, and the number of those that are
// too many for a page.
func (s *server) incidents(r reader, all []incident.Incident, lang string) (lines []incidentLine, more int) {
	for _, one := range all {
		if !diagnosis.AboutCluster(one) {
			continue
		}
		if len(lines) == mostIncidents {
			more++
			continue
		}
		line := incidentLine{
			Severity: one.Severity, SeverityName: r.words[one.Severity],
			URL: runbookOf(one.Cause, lang), More: max(0, len(one.Consequences)-mostConsequences),
		}
		line.Summary, line.Lang = s.sentence(one.Cause, one.Summary, lang)
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

// verdictOf is the result in a word or two: what is wrong by severity, that all is
// well, or that this cannot be told.
func verdictOf(r *diagnosis.Result, words map[string]string) (class, text string) {
	counts := map[string]int{}
	for _, i := range r.Incidents {
		if diagnosis.AboutCluster(i) {
			counts[i.Severity]++
		}
	}
	var parts []string
	for _, severity := range ruleeval.Severities() {
		if counts[severity] > 0 {
			parts = append(parts, fmt.Sprintf(words["count"], counts[severity], words[severity]))
		}
	}
	switch {
	case counts["critical"]+counts["warning"] > 0:
		return "firing", strings.Join(parts, words["comma"])
	case !r.Complete():
		return "incomplete", words["incomplete"]
	case len(parts) > 0:
		return "ok", strings.Join(parts, words["comma"])
	case len(r.NodesNotReady) > 0:
		return "incomplete", words["noneYet"] + fmt.Sprint(len(r.NodesNotReady))
	case r.Snapshot && len(r.Absent) > 0:
		return "ok", words["clearInDump"]
	}
	return "ok", words["clear"]
}
