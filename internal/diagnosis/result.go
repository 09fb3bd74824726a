package diagnosis

import (
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// SchemaVersion is the version of the JSON form of a Result. It grows when a key
// goes or changes its meaning; keys may be added without that.
const SchemaVersion = 1

// Result is what one look at a cluster found.
type Result struct {
	// Version of this form, which grows when a key goes or changes its meaning; keys may
	// be added without that.
	Version int `json:"version"`
	// Cluster: its address, or the path of a snapshot.
	Cluster string `json:"cluster"`
	// Whether it was read from a snapshot; absent then lists what that does not hold.
	Snapshot bool `json:"snapshot"`
	// What says of what time the snapshot is, such as "its manifest".
	TakenFrom string `json:"taken_from,omitempty"`
	// Time that the result is of: the present, or that of a snapshot.
	At time.Time `json:"at"`
	// Time between the two samples that rates are taken from, such as 15s; 0s is one sample,
	// of which there are no rates.
	Window string `json:"window"`
	// What is wrong: alerts that fire, put together by their causes; the most severe first, then those from which something follows, then the oldest.
	Incidents []incident.Incident `json:"incidents"`
	// Alerts that fire, the most severe first.
	Alerts []FiringAlert `json:"alerts"`
	// Signals that alerts are about, each with its state.
	Signals []Signal `json:"signals"`
	// Sources and collectors that could not be read. While there is any, an alert that does
	// not fire is no proof of health.
	Unavailable []Unavailable `json:"unavailable"`
	// Sources and collectors of what the cluster or the snapshot does not have, and the
	// endpoints of kubelets that the snapshot lacks; keys as in unavailable.
	Absent []Unavailable `json:"absent"`
	// Alerts by whether this result can tell if they fire. Each stands once, in one of
	// the first four.
	Coverage Coverage `json:"coverage"`
	// Nodes that are not ready by their condition, whether or not an alert fires for them;
	// none where no alert about nodes was asked for.
	NodesNotReady []string `json:"nodes_not_ready"`
	// Alerts that will fire if what they are about stays as it is.
	Projected []string `json:"projected"`
}

// FiringAlert is one alert with everything it was found for.
type FiringAlert struct {
	// Name of the alert.
	Alert string `json:"alert"`
	// Severity of the alert.
	Severity string `json:"severity"`
	// Signal that the alert is about.
	Signal string `json:"signal"`
	// What the alert means, in one sentence.
	Summary string `json:"summary"`
	// How long Prometheus waits before the alert fires, such as 5m. A check does not wait.
	For string `json:"for"`
	// What it fires for, at least one.
	Findings []ruleeval.Finding `json:"findings"`
	// Shell commands to run first, filled in for the first finding; may be empty.
	Commands string `json:"commands"`
}

// Coverage sorts the selected alerts by whether a look can tell if they fire. Each
// stands once, in one of the first four.
type Coverage struct {
	// Alerts, in the order of the rules, of which the result can tell whether they fire.
	Evaluated []string `json:"evaluated"`
	// Alerts whose signal could not be read, or of which a metric is missing without
	// which they cannot tell.
	Unavailable []string `json:"unavailable"`
	// Alerts by their signals of which no collector was asked.
	Disabled map[string][]string `json:"disabled"`
	// Alerts that look further back than the samples reach, or need two and there is one, and
	// do not fire by these.
	InsufficientHistory []string `json:"insufficient_history"`
	// Alerts and signals that --only named or --severity selected, and of which nothing
	// was evaluated.
	NotEvaluated []string `json:"not_evaluated"`
}

// exporterSignal is the signal whose alerts are about kubevitals and not the cluster.
const exporterSignal = "exporter"

// AboutCluster tells whether the alert is about the cluster and not about what
// kubevitals can see of it.
func (a FiringAlert) AboutCluster() bool { return a.Signal != exporterSignal }

// AboutCluster tells whether the cause of an incident is in the cluster.
func AboutCluster(i incident.Incident) bool { return i.Cause.Finding.Signal != exporterSignal }

// IsCause tells whether an alert has a finding that nothing else explains.
func (r *Result) IsCause(alert string) bool {
	return slices.ContainsFunc(r.Incidents, func(i incident.Incident) bool { return i.Cause.Alert == alert })
}

// Firing tells whether anything is wrong with the cluster.
func (r *Result) Firing() bool { return slices.ContainsFunc(r.Alerts, FiringAlert.AboutCluster) }

// Complete tells whether everything that there is could be read, and something was
// evaluated of all that was asked for by name.
func (r *Result) Complete() bool {
	aboutUs := func(a FiringAlert) bool { return !a.AboutCluster() }
	return r.sawSomething() && len(r.Unavailable) == 0 && len(r.Coverage.Evaluated) > 0 && len(r.Coverage.NotEvaluated) == 0 && !slices.ContainsFunc(r.Alerts, aboutUs)
}

// sawSomething is false for a snapshot that lacks what signals need, and of which the
// rest tells nothing of any object: silence is no proof of health there.
func (r *Result) sawSomething() bool {
	lacks := false
	for _, s := range r.Signals {
		switch s.State {
		case StateOK, StateFiring:
			return true
		case StateUnavailable:
			lacks = true
		}
	}
	return !r.Snapshot || !lacks
}

// group puts the findings of one alert together; the order stays.
func group(findings []ruleeval.Finding, commands func(alert string, labels map[string]string) string) []FiringAlert {
	alerts := []FiringAlert{}
	for _, f := range findings {
		i := slices.IndexFunc(alerts, func(a FiringAlert) bool { return a.Alert == f.Alert })
		if i < 0 {
			i = len(alerts)
			alerts = append(alerts, FiringAlert{Alert: f.Alert, Severity: f.Severity, Signal: f.Signal, Summary: f.Summary, For: f.For})
			if commands != nil {
				alerts[i].Commands = commands(f.Alert, f.Labels)
			}
		}
		alerts[i].Findings = append(alerts[i].Findings, f)
	}
	return alerts
}

// cover sorts the selected alerts. What fires and the states of the signals have to
// be known. Unseen are the alerts that lack a metric, and notRecorded the signals that
// a snapshot has no recording of.
func (r *Result) cover(selection *Selection, insufficientHistory []string, unseen map[string]ruleeval.Unseen, notRecorded []string) Coverage {
	c := Coverage{Evaluated: []string{}, Unavailable: []string{}, Disabled: map[string][]string{}, InsufficientHistory: []string{}, NotEvaluated: []string{}}
	for _, a := range selection.alerts {
		fires := slices.ContainsFunc(r.Alerts, func(f FiringAlert) bool { return f.Alert == a.Name })
		lacks, blind := unseen[a.Name]
		switch state := r.StateOf(a.Signal); {
		case fires:
			c.Evaluated = append(c.Evaluated, a.Name)
		case state == StateDisabled:
			c.Disabled[a.Signal] = append(c.Disabled[a.Signal], a.Name)
		case state == StateUnavailable:
			c.Unavailable = append(c.Unavailable, a.Name)
		case blind:
			c.Unavailable = append(c.Unavailable, a.Name)
			if !selection.all() && !lacks.Foreign {
				c.NotEvaluated = append(c.NotEvaluated, a.Name)
			}
		case slices.Contains(insufficientHistory, a.Name):
			c.InsufficientHistory = append(c.InsufficientHistory, a.Name)
		default:
			c.Evaluated = append(c.Evaluated, a.Name)
		}
	}
	for _, name := range notRecorded {
		if selection.bySeverity && c.Disabled[name] != nil {
			c.NotEvaluated = append(c.NotEvaluated, name)
		}
	}
	partial := slices.DeleteFunc(slices.Clone(selection.only), func(name string) bool { return !r.readsAbsent(name) })
	for _, name := range slices.Concat(selection.notEvaluated(c.Evaluated), partial) {
		if !slices.Contains(c.NotEvaluated, name) {
			c.NotEvaluated = append(c.NotEvaluated, name)
		}
	}
	return c
}

// StateOf returns the state of a signal. That of kubevitals itself is never
// unavailable or disabled, and neither is one that no alert is about.
func (r *Result) StateOf(signal string) State {
	if i := slices.IndexFunc(r.Signals, func(s Signal) bool { return s.Name == signal }); i >= 0 {
		return r.Signals[i].State
	}
	return StateOK
}
