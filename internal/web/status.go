package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/sources/health"
)

const (
	// mostFindings bounds the findings of one alert that are shown in full, and
	// mostRest those that are only named.
	mostFindings = 5
	mostRest     = 200
	// mostFindingSamples bounds the samples that stand with each.
	mostFindingSamples = 5

	// starting is the reason of a source that was not read yet.
	starting = string(health.Starting)
)

// status is what the status page shows.
type status struct {
	// Class is firing, incomplete or ok, and Verdict the same in words.
	Class, Verdict string
	Cluster        string
	At, Stamp, Age string
	Evaluated      int
	// Oldest is the source of which the oldest news are, and OldestAge how old they are.
	Oldest, OldestAge             string
	Failed                        string
	Incidents                     []incidentLine
	MoreIncidents                 int
	Alerts, Follow                []firingAlert
	ExporterAlerts                []firingAlert
	Unavailable, Disabled, Absent []namedReason
	// Starting is whether something has yet to be read for the first time, and NotYetRead
	// names the sources of that.
	Starting            bool
	NotYetRead          string
	OK                  []signal
	InsufficientHistory int
	// Filter says which incidents and problems are shown, and Signals are all that it may
	// name.
	Filter  filter
	Signals []string
	Map     *nodeMap
	// Snapshots are what was kept of incidents; BoxError says why the last was not.
	Snapshots     []snapshotLine
	MoreSnapshots int
	BoxError      string
	Recent        []recentLine
	Tables        []exporter.Table
}

type namedReason struct{ Name, Why string }

type signal struct {
	// Lang is the language of Help.
	Name, Help, Lang string
	Alerts           int
}

func (s *server) statusPage(w http.ResponseWriter, r *http.Request) {
	wanted := filterOf(r.URL.Query())
	c := s.content(r, "./", wanted.pairs())
	c.Script = "status.js"
	code := http.StatusOK
	var present []incident.Incident
	if report, err := s.report(r.Context(), c.Lang); err != nil {
		code = http.StatusServiceUnavailable
		c.Status = statusAt(s.Now())
		c.Status.Class, c.Status.Verdict, c.Status.Failed = "incomplete", c.Words["incomplete"], err.Error()
	} else {
		c.Status, present = s.statusOf(report, c, wanted), report.Incidents
	}
	c.Status.Filter = wanted
	for _, t := range s.Tables() {
		c.Status.Tables = append(c.Status.Tables, translated(t, c.Words))
	}
	c.Title = c.Status.Verdict
	if c.Status.Class != "ok" {
		c.Mood = c.Status.Class
	}
	s.addPast(c.Status, s.reader(c), present, c.Lang)
	s.show(w, code, s.statusTemplate, c)
}

func statusAt(at time.Time) *status {
	return &status{At: clock(at), Stamp: at.UTC().Format(time.RFC3339)}
}

func (s *server) statusOf(report *livestatus.Report, c content, wanted filter) *status {
	r := s.reader(c)
	v := statusAt(report.At)
	v.Cluster, v.Age, v.Evaluated, v.InsufficientHistory = report.Cluster, r.Age(report.At), len(report.Coverage.Evaluated), len(report.Coverage.InsufficientHistory)
	v.Starting = report.Starting
	if v.Oldest = report.Oldest.Name; v.Oldest != "" {
		v.OldestAge = r.Age(report.Oldest.At)
	}
	if report.Snapshot {
		v.Oldest = "" // all of a dump is of one time
		v.At, v.Age = report.At.UTC().Format("2006-01-02 15:04:05 UTC"), c.Words["dump"]+c.Words["dump-"+report.TakenFrom]
	}
	v.Class, v.Verdict = verdictOf(report.Result, c.Words)
	v.Incidents, v.MoreIncidents = s.incidents(r, wanted.incidents(report.Incidents), c.Lang)
	v.Map = s.nodeMap(r, report, wanted, c.Lang)
	for _, one := range wanted.alerts(report.Alerts) {
		switch {
		case !one.AboutCluster():
		case report.IsCause(one.Alert):
			v.Alerts = append(v.Alerts, s.alertOf(one, r, c.Lang))
			continue
		default:
			v.Follow = append(v.Follow, s.alertOf(one, r, c.Lang))
			continue
		}
		// What was just not read yet is listed below, and is no reason to worry.
		one.Findings = slices.DeleteFunc(slices.Clone(one.Findings), isStarting)
		if len(one.Findings) > 0 {
			v.ExporterAlerts = append(v.ExporterAlerts, s.alertOf(one, r, c.Lang))
		}
	}
	v.addUnavailable(report.Result, c.Words)
	var onNodes, switchedOff, noData []string
	for _, one := range report.Signals {
		v.Signals = append(v.Signals, one.Name)
		d := s.definition(one.Name)
		switch one.State {
		case diagnosis.StateOK:
			help, spoken := helpOf(d, c.Lang)
			v.OK = append(v.OK, signal{one.Name, help, spoken, one.Alerts})
		case diagnosis.StateNoData:
			noData = append(noData, one.Name)
		case diagnosis.StateDisabled:
			if d.Scope == collectors.Node {
				onNodes = append(onNodes, one.Name)
			} else {
				switchedOff = append(switchedOff, one.Name)
			}
		}
	}
	for _, off := range []struct {
		why   string
		names []string
	}{{"noData", noData}, {"nodeScope", onNodes}, {"switchedOff", switchedOff}} {
		if len(off.names) > 0 {
			v.Disabled = append(v.Disabled, namedReason{c.Words[off.why], strings.Join(off.names, c.Words["comma"])})
		}
	}
	return v
}

// addUnavailable says what cannot be read and why, unless a finding does. What was just
// not read yet is only named.
func (v *status) addUnavailable(r *diagnosis.Result, words map[string]string) {
	var notYetRead []string
	for _, u := range r.Unavailable {
		if u.Reason == starting {
			notYetRead = append(notYetRead, u.Name)
			continue
		}
		if !isAlerted(r.Alerts, u) {
			v.Unavailable = append(v.Unavailable, namedReason{words[u.Kind] + " " + u.Name, reasonText(u, words)})
		}
	}
	v.NotYetRead = strings.Join(notYetRead, words["comma"])
	for _, u := range r.Absent {
		v.Absent = append(v.Absent, namedReason{words[u.Kind] + " " + u.Name, absentText(r, u, words)})
	}
}

// absentText says why something is not there.
func absentText(r *diagnosis.Result, u diagnosis.Unavailable, words map[string]string) string {
	switch {
	case r.Snapshot && u.Reason == string(health.NotFound) && u.Detail != "":
		return words["notInDump"] + words["colon"] + u.Detail
	case r.Snapshot && u.Reason == string(health.NotFound):
		return words["notInDump"]
	}
	return words["reason-"+u.Reason]
}

// reasonText says why something could not be read.
func reasonText(u diagnosis.Unavailable, words map[string]string) string {
	switch {
	case u.WaitsFor != "":
		return words["waitsFor"] + u.WaitsFor
	case u.Detail != "":
		return words["reason-"+u.Reason] + words["colon"] + u.Detail
	}
	return words["reason-"+u.Reason]
}

// isStarting tells whether a finding is about what was just not read yet.
func isStarting(f ruleeval.Finding) bool { return slices.Equal(f.Reasons, []string{starting}) }

// isAlerted tells whether a finding is about what cannot be read.
func isAlerted(alerts []diagnosis.FiringAlert, u diagnosis.Unavailable) bool {
	for _, a := range alerts {
		for _, f := range a.Findings {
			if !a.AboutCluster() && f.Labels[u.Kind] == u.Name {
				return true
			}
		}
	}
	return false
}

func (s *server) definition(name string) collectors.Definition {
	i := slices.IndexFunc(s.Definitions, func(d collectors.Definition) bool { return d.Name == name })
	if i < 0 {
		return collectors.Definition{}
	}
	return s.Definitions[i]
}
