// Package report turns what the rules say of a cluster into something to read:
// findings by cause with what to run first, for people, programs and CI systems.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Result is one look at a cluster.
type Result struct {
	// Cluster is what was looked at, and At when: the present, or that of a dump.
	Cluster string    `json:"cluster"`
	At      time.Time `json:"at"`
	// Window is the time between the two samples that rates are taken from.
	Window string  `json:"window"`
	Causes []Cause `json:"causes"`
	// Blind is what could not be read. While there is any, no finding is no proof
	// of health.
	Blind []Blind `json:"blind"`
	// Absent is what the cluster or the dump does not have.
	Absent []Blind `json:"absent"`
	// Evaluated are the alerts, in the order of the rules and after selection, of
	// which this look can say whether they hold.
	Evaluated []string `json:"evaluated"`
	// Reaching are alerts that need a longer memory than this look has.
	Reaching []string `json:"needs_history"`
	// Unseen are alerts whose signal could not be read.
	Unseen []string `json:"unseen"`
	// NotLookedAt are alerts by their signals that no collector was asked for.
	NotLookedAt map[string][]string `json:"not_looked_at"`
	// Unanswered are alerts and signals that were asked for by name, and of which
	// nothing was evaluated.
	Unanswered []string `json:"unanswered"`
	// Early are alerts that will hold if what they are about stays as it is.
	Early []string `json:"early"`
}

// Cause is one alert with everything it was found for.
type Cause struct {
	Alert    string             `json:"alert"`
	Severity string             `json:"severity"`
	Signal   string             `json:"signal"`
	Summary  string             `json:"summary"`
	For      string             `json:"for"`
	Findings []ruleeval.Finding `json:"findings"`
	// Commands are what to run first, filled in for the first finding.
	Commands string `json:"commands"`
}

// Causes groups findings by alert; the order stays. Commands gives what to run
// first for an alert with these labels. That a source does not exist is left out:
// it is told as absent, and whoever looks at a cluster without having installed
// anything there need not hear that a part of the installation is missing.
func Causes(findings []ruleeval.Finding, commands func(alert string, labels map[string]string) string) []Cause {
	causes := []Cause{}
	for _, f := range findings {
		if f.Signal == blindness && f.Labels["source"] != "" && f.Labels["reason"] == notFound {
			continue
		}
		i := slices.IndexFunc(causes, func(c Cause) bool { return c.Alert == f.Alert })
		if i < 0 {
			i = len(causes)
			causes = append(causes, Cause{
				Alert: f.Alert, Severity: f.Severity, Signal: f.Signal, Summary: f.Summary, For: f.For,
				Commands: commands(f.Alert, f.Labels),
			})
		}
		causes[i].Findings = append(causes[i].Findings, f)
	}
	return causes
}

// Answer sorts the alerts that are wanted by whether this look can say if they hold.
// Causes and Reaching have to be known.
func (r *Result) Answer(wanted []ruleeval.Alert, signals []Signal) {
	r.Evaluated, r.Unseen, r.NotLookedAt = []string{}, []string{}, map[string][]string{}
	for _, a := range wanted {
		state := Well
		if i := slices.IndexFunc(signals, func(s Signal) bool { return s.Name == a.Signal }); i >= 0 {
			state = signals[i].State
		}
		holds := slices.ContainsFunc(r.Causes, func(c Cause) bool { return c.Alert == a.Name })
		switch {
		case holds:
			r.Evaluated = append(r.Evaluated, a.Name)
		case state == Off:
			r.NotLookedAt[a.Signal] = append(r.NotLookedAt[a.Signal], a.Name)
		case state == Unseen:
			r.Unseen = append(r.Unseen, a.Name)
		case !slices.Contains(r.Reaching, a.Name):
			r.Evaluated = append(r.Evaluated, a.Name)
		}
	}
}

// blindness is the signal whose alerts are about kubevitals and not the cluster.
const blindness = "exporter"

// Ill tells whether anything is wrong with the cluster.
func (r *Result) Ill() bool { return slices.ContainsFunc(r.Causes, OfCluster) }

// Sure tells whether everything that there is could be read, and something was
// evaluated of all that was asked for by name.
func (r *Result) Sure() bool {
	return len(r.Blind) == 0 && len(r.Evaluated) > 0 && len(r.Unanswered) == 0 && !slices.ContainsFunc(r.Causes, func(c Cause) bool { return !OfCluster(c) })
}

// OfCluster tells whether a cause is about the cluster and not about what
// kubevitals can see of it.
func OfCluster(c Cause) bool { return c.Signal != blindness }

// verdictLine is the result in one line.
func (r *Result) verdictLine() string {
	counts, findings := map[string]int{}, 0
	for _, c := range r.Causes {
		counts[c.Severity] += len(c.Findings)
		findings += len(c.Findings)
	}
	if findings == 0 {
		if r.Sure() {
			return fmt.Sprintf("All clear: none of %d alerts holds.", len(r.Evaluated))
		}
		return fmt.Sprintf("Could not tell: none of %d alerts holds, but not everything could be looked at.", len(r.Evaluated))
	}
	var parts []string
	for _, severity := range ruleeval.Severities() {
		if counts[severity] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[severity], severity))
		}
	}
	return fmt.Sprintf("Causes: %d. Findings: %d (%s). Alerts evaluated: %d.", len(r.Causes), findings, strings.Join(parts, ", "), len(r.Evaluated))
}
