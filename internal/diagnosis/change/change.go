// Package change tells what began and what ended between two results of a diagnosis.
package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// SchemaVersion is the version of the JSON form of Changes. It grows when a key goes or
// changes its meaning; keys may be added without that.
const SchemaVersion = 1

// Changes are what lies between two results. An incident stands in one list.
type Changes struct {
	// Version of this form, which grows when a key goes or changes its meaning; keys may
	// be added without that.
	Version int `json:"version"`
	// The result that is compared with.
	Before Look `json:"before"`
	// The result that is compared.
	After Look `json:"after"`
	// Incidents of after that are not in before, which could tell of them.
	Began []incident.Incident `json:"began"`
	// Incidents of after of which before could not tell.
	NewlySeen []incident.Incident `json:"newly_seen"`
	// Incidents of before that are not in after, which could tell of them.
	Ended []incident.Incident `json:"ended"`
	// Incidents of before of which after cannot tell whether they go on.
	Unknown []incident.Incident `json:"unknown"`
	// Incidents of both, as they are in after.
	Ongoing []Ongoing `json:"ongoing"`
}

// Look is one of the two results.
type Look struct {
	// Cluster: its address, or the path of a snapshot.
	Cluster string `json:"cluster"`
	// Time that the result is of.
	At time.Time `json:"at"`
	// Whether everything that there is could be read.
	Complete bool `json:"complete"`
}

// Ongoing is an incident that goes on, and what became different of it.
type Ongoing struct {
	// The incident as it is in after.
	Incident incident.Incident `json:"incident"`
	// Severity that it had in before.
	SeverityBefore string `json:"severity_before"`
	// Cause that it had in before, where that is another: it followed from something.
	CauseBefore incident.Member `json:"cause_before,omitzero"`
	// What follows from it only in after.
	ConsequencesBegan []incident.Member `json:"consequences_began"`
	// What followed from it only in before, and is nowhere in after.
	ConsequencesEnded []incident.Member `json:"consequences_ended"`
}

// Worse tells whether the incident is more severe than it was.
func (o Ongoing) Worse() bool {
	return ruleeval.Rank(o.Incident.Severity) < ruleeval.Rank(o.SeverityBefore)
}

// Worse tells whether anything began, may have, or became more severe.
func (c Changes) Worse() bool {
	return len(c.Began)+len(c.NewlySeen) > 0 || slices.ContainsFunc(c.Ongoing, Ongoing.Worse)
}

// Sure tells whether nothing can have begun or gone on unseen.
func (c Changes) Sure() bool { return c.After.Complete && len(c.Unknown) == 0 }

// Between compares two results of one cluster. An incident is the same in both if its
// cause has the same labels, but for the name of the cluster, or was a consequence and is
// a cause now.
func Between(before, after *diagnosis.Result) Changes {
	c := Changes{
		Version: SchemaVersion, Before: lookOf(before), After: lookOf(after),
		Began: []incident.Incident{}, NewlySeen: []incident.Incident{}, Ended: []incident.Incident{}, Unknown: []incident.Incident{}, Ongoing: []Ongoing{},
	}
	was, is := members(before), members(after)
	for _, one := range after.Incidents {
		switch old, known := was[one.Cause.ID()]; {
		case known:
			c.Ongoing = append(c.Ongoing, ongoing(old, one, was, is))
		case CouldTell(before, one.Cause):
			c.Began = append(c.Began, one)
		default:
			c.NewlySeen = append(c.NewlySeen, one)
		}
	}
	for _, one := range before.Incidents {
		if _, goesOn := is[one.Cause.ID()]; goesOn { // as a cause, or as what follows from one
			continue
		}
		if CouldTell(after, one.Cause) {
			c.Ended = append(c.Ended, one)
		} else {
			c.Unknown = append(c.Unknown, one)
		}
	}
	return c
}

func lookOf(r *diagnosis.Result) Look {
	return Look{Cluster: r.Cluster, At: r.At, Complete: r.Complete()}
}

// members are all findings of a result, each with the incident that it belongs to.
func members(r *diagnosis.Result) map[string]incident.Incident {
	all := map[string]incident.Incident{}
	for _, one := range r.Incidents {
		for _, m := range append([]incident.Member{one.Cause}, one.Consequences...) {
			all[m.ID()] = one
		}
	}
	return all
}

func ongoing(old, one incident.Incident, was, is map[string]incident.Incident) Ongoing {
	o := Ongoing{Incident: one, SeverityBefore: old.Severity, ConsequencesBegan: []incident.Member{}, ConsequencesEnded: []incident.Member{}}
	if old.Cause.ID() != one.Cause.ID() {
		o.CauseBefore = old.Cause
	}
	for _, m := range one.Consequences {
		if _, known := was[m.ID()]; !known {
			o.ConsequencesBegan = append(o.ConsequencesBegan, m)
		}
	}
	for _, m := range old.Consequences {
		if _, known := is[m.ID()]; !known {
			o.ConsequencesEnded = append(o.ConsequencesEnded, m)
		}
	}
	return o
}

// CouldTell tells whether a result in which something is not wrong proves that it was
// not: its alert was evaluated, no finding says that the kubelet of its node could not be
// read, and none that its API server does not answer.
func CouldTell(r *diagnosis.Result, m incident.Member) bool {
	if !slices.Contains(r.Coverage.Evaluated, m.Alert) {
		return false
	}
	if server := m.Labels["server"]; server != "" && isDown(r, server) {
		return false
	}
	node := m.Labels["node"]
	if node == "" {
		return true
	}
	aboutNode := func(e ruleeval.Evidence) bool { return strings.Contains(e.Series, fmt.Sprintf("node=%q", node)) }
	for _, a := range r.Alerts {
		blind := !a.AboutCluster() && slices.ContainsFunc(a.Findings, func(f ruleeval.Finding) bool { return slices.ContainsFunc(f.Evidence, aboutNode) })
		if blind {
			return false
		}
	}
	return true
}

// isDown tells whether an API server does not answer: a finding says so of it, or of all that
// are known. It may not be among these: who starts anew then knows but one address.
func isDown(r *diagnosis.Result, server string) bool {
	silent := func(f ruleeval.Finding) bool {
		if named := f.Labels["server"]; named != "" && named != server {
			return false
		}
		down := 0
		for _, e := range f.Evidence {
			name, _, _ := strings.Cut(e.Series, "{")
			switch {
			case name == serverUp && e.Value != 0:
				return false
			case name == serverUp:
				down++
			}
		}
		return down > 0
	}
	return slices.ContainsFunc(r.Alerts, func(a diagnosis.FiringAlert) bool { return slices.ContainsFunc(a.Findings, silent) })
}

// serverUp is the metric of whether an API server answers.
const serverUp = "kubevitals_apiserver_up"
