package web

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

type firingAlert struct {
	Words                                       map[string]string
	Alert, Severity, SeverityName, Summary, For string
	Findings                                    []finding
	Rest                                        []link
	RestCount                                   int
}

type finding struct {
	// ID is the same for the same finding in the next report.
	// Lang is the language of Description.
	ID, Description, Lang, URL, LinkName string
	// Detail is the error, if the finding is about what cannot be read.
	Detail  string
	Samples []sample
	// Elsewhere leads to other programs.
	Elsewhere []link
}

func (s *server) alertOf(a diagnosis.FiringAlert, r reader, lang string) firingAlert {
	shown := firingAlert{
		Words: r.words, Alert: a.Alert, Severity: a.Severity, SeverityName: r.words[a.Severity],
		Summary: s.summary(ruleeval.Alert{Name: a.Alert, Summary: a.Summary}, lang),
	}
	if wait, err := model.ParseDuration(a.For); err == nil && wait > 0 {
		shown.For = fmt.Sprintf(r.words["firesAfter"], r.Words.Span(time.Duration(wait)))
	}
	for i, f := range a.Findings {
		to := "runbooks/" + a.Alert + "?" + query(pairs(f.Labels), lang)
		if i >= mostFindings {
			shown.RestCount++
			if len(shown.Rest) < mostRest {
				shown.Rest = append(shown.Rest, link{named(f.Labels), to})
			}
			continue
		}
		shown.Findings = append(shown.Findings, finding{
			ID: a.Alert + "-" + strconv.Itoa(i), Description: f.Description, Lang: languageOf(f.Description), URL: to, Detail: f.Detail,
			LinkName: r.words["runbook"] + " " + a.Alert + " " + named(f.Labels), Samples: r.samples(ruleeval.First(f.Evidence, mostFindingSamples)),
			Elsewhere: s.elsewhere(f, r.words),
		})
	}
	return shown
}
