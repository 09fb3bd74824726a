package diagnosis

import (
	"fmt"
	"slices"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Selection are the alerts that are asked for.
type Selection struct {
	alerts []ruleeval.Alert
	// only are the names of alerts and signals that were given.
	only []string
	// bySeverity says that those of lesser severity were left out.
	bySeverity bool
}

// all tells whether nothing was left out.
func (s *Selection) all() bool { return len(s.only) == 0 && !s.bySeverity }

// Select returns the alerts that are named by themselves or by their signal, and
// at least as severe as that. Without names it takes all. Its errors name what is
// neither of an alert nor of a signal, and a selection of nothing.
func Select(rules *ruleeval.Rules, only []string, severity string) (*Selection, error) {
	for _, name := range only {
		if !slices.ContainsFunc(rules.Alerts(), func(a ruleeval.Alert) bool { return isNamed(a, name) }) {
			return nil, fmt.Errorf("--only: there is no alert or signal %q; docs/alerts.md lists them", name)
		}
	}
	least := ruleeval.Rank(severity)
	s := &Selection{only: only, bySeverity: least < len(ruleeval.Severities())-1}
	for _, a := range rules.Alerts() {
		named := func(name string) bool { return isNamed(a, name) }
		if ruleeval.Rank(a.Severity) <= least && (len(only) == 0 || slices.ContainsFunc(only, named)) {
			s.alerts = append(s.alerts, a)
		}
	}
	if len(s.alerts) == 0 {
		return nil, fmt.Errorf("--severity: nothing that --only names is as severe as %s, so there is nothing to look for", severity)
	}
	return s, nil
}

func isNamed(a ruleeval.Alert, name string) bool { return a.Name == name || a.Signal == name }

func (s *Selection) has(alert string) bool {
	return slices.ContainsFunc(s.alerts, func(a ruleeval.Alert) bool { return a.Name == alert })
}

// of returns the findings of the selected alerts.
func (s *Selection) of(findings []ruleeval.Finding) []ruleeval.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f ruleeval.Finding) bool { return !s.has(f.Alert) })
}

// notEvaluated are the given names of which nothing could be evaluated.
func (s *Selection) notEvaluated(evaluated []string) []string {
	unanswered := []string{}
	for _, name := range s.only {
		if !slices.ContainsFunc(s.alerts, func(a ruleeval.Alert) bool { return isNamed(a, name) && slices.Contains(evaluated, a.Name) }) {
			unanswered = append(unanswered, name)
		}
	}
	return unanswered
}
