package matrix

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// mostNotifications is what one incident may cost an on-call.
const mostNotifications = 3

// observation is what was seen of a case.
type observation struct {
	began            time.Time
	injected, healed []time.Time // by fault
	seen             []time.Time // when the sign of each fault was seen; zero if never
	spans            []span
	notifications    []notification
	inhibited        map[string]bool
}

// Cause is what came of one fault of a case.
type Cause struct {
	Fault string `json:"fault"`
	What  string `json:"what"`
	Alert string `json:"alert"`
	// Watched is whether what went wrong is an object of the API.
	Watched bool `json:"watched"`
	// Seen, Fired and Resolved are the seconds from the fault to the first sign of it among
	// the metrics, to its alert, and from its healing to the end of the alert; nil if that
	// was not so.
	Seen     *float64 `json:"seen_seconds"`
	Fired    *float64 `json:"fired_seconds"`
	Resolved *float64 `json:"resolved_seconds"`
	// Waits is for how long the condition of the alert must hold.
	Waits float64 `json:"waits_seconds"`
}

// Alert is what came of one alert that fired.
type Alert struct {
	Name string `json:"alert"`
	// Instances is the number of those with labels of their own.
	Instances int `json:"instances"`
	// Fired is the seconds since the first fault, and Resolved those since the last healing,
	// negative if the alert ended before; nil if it did not end.
	Fired    float64  `json:"fired_seconds"`
	Resolved *float64 `json:"resolved_seconds"`
	// Role is that of a cause, of a consequence, or of neither.
	Role Role `json:"role"`
	// Sent is whether it was in a notification, and Inhibited whether it was kept back.
	Sent      bool `json:"sent"`
	Inhibited bool `json:"inhibited"`
	Info      bool `json:"info"`
}

// Role says what an alert has to do with the faults of its case.
type Role string

// The roles.
const (
	IsCause       Role = "cause"
	IsConsequence Role = "consequence"
	IsUnexpected  Role = "unexpected"
)

// Result is what a case came to.
type Result struct {
	Case string `json:"case"`
	// Error is of the case itself, which then has no figures.
	Error  string  `json:"error,omitempty"`
	Causes []Cause `json:"causes"`
	// Notifications are the alerts in each notification of something that fires, in the
	// order in which they came.
	Notifications [][]string `json:"notifications"`
	Alerts        []Alert    `json:"alerts"`
	// Faulty says what is not as it has to be.
	Faulty []string `json:"faulty,omitempty"`
}

// Good tells whether all is as it has to be.
func (r Result) Good() bool { return r.Error == "" && len(r.Faulty) == 0 }

// judge knows what has to be: by the rules of the lab, and by what may follow from what.
type judge struct {
	rules *rules
	graph graph
}

// of compares what was seen with what has to be.
func (j judge) of(played Case, o observation) Result {
	r := Result{Case: played.Name()}
	for i, f := range played.Faults {
		r.Causes = append(r.Causes, j.cause(f, o, i))
	}
	r.Alerts = j.alerts(played, o)
	for _, n := range o.notifications {
		names := map[string]int{}
		for _, l := range n.alerts {
			names[l["alertname"]]++
		}
		var told []string
		for name, count := range names {
			if count > 1 {
				name = fmt.Sprintf("%s (%d)", name, count)
			}
			told = append(told, name)
		}
		slices.Sort(told)
		r.Notifications = append(r.Notifications, told)
	}
	r.Faulty = j.faulty(played, r, o)
	return r
}

// cause takes what was seen of one of the faults.
func (j judge) cause(f faults.Fault, o observation, i int) Cause {
	cause := Cause{Fault: f.Name, What: f.What, Alert: f.Alert, Watched: f.Watched, Waits: j.rules.waits(f.Alert).Seconds()}
	if !o.seen[i].IsZero() {
		cause.Seen = seconds(max(0, o.seen[i].Sub(o.injected[i])))
	}
	for _, s := range o.spans {
		if !is(f, s.labels) {
			continue
		}
		if fired := seconds(s.from.Sub(o.injected[i])); cause.Fired == nil || *fired < *cause.Fired {
			cause.Fired = fired
		}
	}
	var last *float64
	for _, s := range o.spans {
		if !is(f, s.labels) {
			continue
		}
		if s.unresolved {
			return cause
		}
		if ended := seconds(max(0, s.to.Sub(o.healed[i]))); last == nil || *ended > *last {
			last = ended
		}
	}
	cause.Resolved = last
	return cause
}

// alerts puts what fired together by the names of the alerts.
func (j judge) alerts(played Case, o observation) []Alert {
	sent := map[string]bool{}
	for _, n := range o.notifications {
		for _, l := range n.alerts {
			sent[l["alertname"]] = true
		}
	}
	healed := slices.MaxFunc(o.healed, time.Time.Compare)
	var all []Alert
	for _, s := range o.spans {
		name := s.labels["alertname"]
		i := slices.IndexFunc(all, func(a Alert) bool { return a.Name == name })
		if i < 0 {
			i = len(all)
			ended := math.Inf(-1)
			all = append(all, Alert{
				Name: name, Fired: *seconds(s.from.Sub(o.injected[0])), Resolved: &ended,
				Role: IsConsequence, Sent: sent[name], Inhibited: o.inhibited[name], Info: !j.rules.grave(name),
			})
		}
		a := &all[i]
		a.Instances++
		switch ended := seconds(s.to.Sub(healed)); {
		case s.unresolved:
			a.Resolved = nil
		case a.Resolved != nil && *ended > *a.Resolved:
			a.Resolved = ended
		}
		switch role := j.role(played, s.labels); {
		case role == IsUnexpected, role == IsCause && a.Role != IsUnexpected:
			a.Role = role
		}
	}
	return all
}

// role says what an alert with its labels has to do with the faults.
func (j judge) role(played Case, of labels) Role {
	role := IsUnexpected
	for _, f := range played.Faults {
		if is(f, of) {
			return IsCause
		}
		if edges, ok := j.graph.follows(f.Alert, f.Labels)[of["alertname"]]; ok && explained(edges, of) {
			role = IsConsequence
		}
	}
	return role
}

// faulty says what is not as it has to be.
func (j judge) faulty(played Case, r Result, o observation) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for _, cause := range r.Causes {
		limit := toFire.Seconds() + cause.Waits
		switch name := brief(cause.Alert); {
		case cause.Fired == nil:
			say("%s does not fire", name)
		case *cause.Fired > limit && !played.Outlives:
			say("%s fires after %.0f s, which is more than %.0f s", name, *cause.Fired, limit)
		case cause.Resolved == nil:
			say("%s does not end", name)
		case *cause.Resolved > toResolve.Seconds()+j.rules.lingers(cause.Alert).Seconds():
			say("%s ends %.0f s after the healing", name, *cause.Resolved)
		}
	}
	for i, f := range played.Faults {
		told := slices.IndexFunc(o.notifications, func(n notification) bool {
			return slices.ContainsFunc(n.alerts, func(l labels) bool { return is(f, l) })
		})
		switch {
		case told < 0:
			say("no notification of %s", brief(f.Alert))
		case len(played.Faults) == 1 && told > 0:
			say("%s is in notification %d, not in the first", brief(f.Alert), told+1)
		case played.Outlives && i > 0 && o.notifications[told].at.Before(o.injected[i]):
			say("%s is told of before it is there", brief(f.Alert))
		}
	}
	if most := mostNotifications * len(played.Faults); len(r.Notifications) > most {
		say("%d notifications", len(r.Notifications))
	}
	for _, a := range r.Alerts {
		if a.Role == IsUnexpected && !a.Info {
			say("%s fires, which the graph of causes does not explain", brief(a.Name))
		}
	}
	return wrong
}

// brief leaves out of a name what all have in common.
func brief(alert string) string { return strings.TrimPrefix(alert, "KubeVitals") }

// seconds rounds to tenths.
func seconds(d time.Duration) *float64 {
	s := math.Round(d.Seconds()*10) / 10
	return &s
}
