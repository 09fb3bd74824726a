package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/sources/health"
)

const (
	// mostFindings bounds the findings of one cause that are shown in full, and
	// mostRest those that are only named.
	mostFindings = 5
	mostRest     = 200

	// starting is the reason of a source that was not read yet.
	starting = string(health.Starting)
)

// status is what the status page shows.
type status struct {
	// Class is ill, unsure or well, and Verdict the same in words.
	Class, Verdict     string
	Cluster            string
	At, Stamp, Age     string
	Evaluated          int
	Failed             string
	Causes, Unsure     []cause
	Blind, Off, Absent []reasoned
	// Starting is whether something has yet to be read for the first time, and Unread
	// names the sources of that.
	Starting bool
	Unread   string
	Well     []signal
	Reaching int
	Tables   []exporter.Table
}

type cause struct {
	Words                                       map[string]string
	Alert, Severity, SeverityName, Summary, For string
	Findings                                    []finding
	Rest                                        []link
	RestCount                                   int
}

type finding struct {
	// ID is the same for the same finding at the next look.
	ID, Description, URL, LinkName string
	// Detail is the error, if the finding is about what cannot be read.
	Detail  string
	Samples []sample
}

type reasoned struct{ Name, Why string }

type signal struct {
	Name, Help string
	Alerts     int
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	c := s.content(r, "./", nil)
	c.Script = "status.js"
	code := http.StatusOK
	if look, err := s.Look(r.Context()); err != nil {
		code = http.StatusServiceUnavailable
		c.Status = statusAt(s.Now())
		c.Status.Class, c.Status.Verdict, c.Status.Failed = "unsure", c.Words["unsure"], err.Error()
	} else {
		c.Status = s.statusOf(look, c)
	}
	c.Status.Tables = s.Tables()
	c.Title = c.Status.Verdict
	s.show(w, code, s.status, c)
}

func statusAt(at time.Time) *status {
	return &status{At: clock(at), Stamp: at.UTC().Format(time.RFC3339)}
}

func (s *site) statusOf(look *livestatus.Look, c content) *status {
	r := s.reader(c.Words)
	v := statusAt(look.At)
	v.Cluster, v.Age, v.Evaluated, v.Reaching = look.Cluster, r.Age(look.At), len(look.Evaluated), len(look.Reaching)
	v.Starting = look.Starting
	v.Class, v.Verdict = verdictOf(look.Result, c.Words)
	for _, one := range look.Causes {
		if report.OfCluster(one) {
			v.Causes = append(v.Causes, s.causeOf(one, r, c.Lang))
			continue
		}
		// What was just not read yet is listed below, and is no reason to worry.
		one.Findings = slices.DeleteFunc(slices.Clone(one.Findings), func(f ruleeval.Finding) bool { return f.Labels["reason"] == starting })
		if len(one.Findings) > 0 {
			v.Unsure = append(v.Unsure, s.causeOf(one, r, c.Lang))
		}
	}
	v.sources(look.Result, c.Words)
	var onNodes, switchedOff, idle []string
	for _, one := range look.Signals {
		d := s.definition(one.Name)
		switch one.State {
		case report.Well:
			v.Well = append(v.Well, signal{one.Name, d.Help, one.Alerts})
		case report.Idle:
			idle = append(idle, one.Name)
		case report.Off:
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
	}{{"idle", idle}, {"nodeScope", onNodes}, {"switchedOff", switchedOff}} {
		if len(off.names) > 0 {
			v.Off = append(v.Off, reasoned{c.Words[off.why], strings.Join(off.names, c.Words["comma"])})
		}
	}
	return v
}

// verdictOf is the result in a word or two: what is wrong by severity, that all is
// well, or that nobody can tell.
func verdictOf(r *report.Result, words map[string]string) (class, text string) {
	counts := map[string]int{}
	for _, c := range r.Causes {
		if report.OfCluster(c) {
			counts[c.Severity]++
		}
	}
	var parts []string
	for _, severity := range ruleeval.Severities() {
		if counts[severity] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[severity], words[severity]))
		}
	}
	switch {
	case counts["critical"]+counts["warning"] > 0:
		return "ill", strings.Join(parts, words["comma"])
	case !r.Sure():
		return "unsure", words["unsure"]
	case len(parts) > 0:
		return "well", strings.Join(parts, words["comma"])
	}
	return "well", words["clear"]
}

func (s *site) causeOf(c report.Cause, r reader, lang string) cause {
	shown := cause{
		Words: r.words, Alert: c.Alert, Severity: c.Severity, SeverityName: r.words[c.Severity],
		Summary: s.summary(ruleeval.Alert{Name: c.Alert, Summary: c.Summary}, lang),
	}
	if c.For != "0s" {
		shown.For = c.For
	}
	for i, f := range c.Findings {
		to := "runbooks/" + c.Alert + "?" + query(pairs(f.Labels), lang)
		if i >= mostFindings {
			shown.RestCount++
			if len(shown.Rest) < mostRest {
				shown.Rest = append(shown.Rest, link{named(f.Labels), to})
			}
			continue
		}
		shown.Findings = append(shown.Findings, finding{
			ID: c.Alert + "-" + strconv.Itoa(i), Description: f.Description, URL: to, Detail: f.Detail,
			LinkName: r.words["runbook"] + " " + c.Alert + " " + named(f.Labels), Samples: r.samples(f.Evidence),
		})
	}
	return shown
}

// sources says what cannot be read and why, unless a finding does. What was just
// not read yet is only named.
func (v *status) sources(r *report.Result, words map[string]string) {
	var unread []string
	for _, b := range r.Blind {
		if b.Reason == starting {
			unread = append(unread, b.Name)
			continue
		}
		if !told(r.Causes, b) {
			v.Blind = append(v.Blind, reasoned{words[b.Kind] + " " + b.Name, because(b, words)})
		}
	}
	v.Unread = strings.Join(unread, words["comma"])
	for _, b := range r.Absent {
		v.Absent = append(v.Absent, reasoned{words[b.Kind] + " " + b.Name, words["reason-"+b.Reason]})
	}
}

// because says why something could not be read.
func because(b report.Blind, words map[string]string) string {
	switch {
	case b.WaitsFor != "":
		return words["waitsFor"] + b.WaitsFor
	case b.Detail != "":
		return words["reason-"+b.Reason] + words["colon"] + b.Detail
	}
	return words["reason-"+b.Reason]
}

// told tells whether a finding is about what cannot be read.
func told(causes []report.Cause, b report.Blind) bool {
	for _, c := range causes {
		for _, f := range c.Findings {
			if !report.OfCluster(c) && f.Labels[b.Kind] == b.Name {
				return true
			}
		}
	}
	return false
}

func (s *site) definition(name string) collectors.Definition {
	i := slices.IndexFunc(s.Definitions, func(d collectors.Definition) bool { return d.Name == name })
	if i < 0 {
		return collectors.Definition{}
	}
	return s.Definitions[i]
}
