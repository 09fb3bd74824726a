package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// mostConsequences bounds the objects that are named of each alert that follows.
const mostConsequences = 5

// following are the consequences of an incident that are of one alert.
type following struct {
	first incident.Member
	// names are those of all objects.
	names []string
	count int
}

// byAlert puts the consequences of an incident together by their alerts.
func byAlert(one incident.Incident) []following {
	var all []following
	for _, m := range one.Consequences {
		i := slices.IndexFunc(all, func(f following) bool { return f.first.Alert == m.Alert })
		if i < 0 {
			i, all = len(all), append(all, following{first: m})
		}
		all[i].count++
		all[i].names = append(all[i].names, objectNames(m)...)
	}
	return all
}

// some are the names of the first objects, and how many more there are.
func (w words) some(f following) []string {
	if more := len(f.names) - mostConsequences; more > 0 {
		return append(f.names[:mostConsequences:mostConsequences], w.say("%d more", more))
	}
	return f.names
}

// others says how many more of the alert there are, and of what.
func (w words) others(f following) string {
	if f.count < 2 {
		return ""
	}
	if len(f.names) == 0 {
		return w.say(" And %d more of this alert.", f.count-1)
	}
	return w.say(" And %d more of this alert, in all of %s.", f.count-1, strings.Join(w.some(f), w.say(", ")))
}

// consequences names the alerts that follow from a cause, each with its objects.
func (w words) consequences(one incident.Incident) string {
	var all []string
	for _, f := range byAlert(one) {
		text := f.first.Alert
		if names := w.some(f); len(names) > 0 {
			text += " (" + strings.Join(names, w.say(", ")) + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, w.say(", "))
}

func objectNames(m incident.Member) []string {
	var names []string
	for _, o := range incident.ObjectsOf(m.Labels) {
		names = append(names, o.String())
	}
	return names
}

// named is an alert with all of its labels but that of the cluster, so that no two have
// one name.
func named(m incident.Member) string {
	var labels []string
	for _, label := range slices.Sorted(maps.Keys(m.Labels)) {
		if label != "cluster" {
			labels = append(labels, label+"="+m.Labels[label])
		}
	}
	if len(labels) == 0 {
		return m.Alert
	}
	return m.Alert + " (" + strings.Join(labels, ", ") + ")"
}

// split separates the alerts with a finding that is the cause of an incident from those
// that only follow from others.
func split(r *diagnosis.Result) (causes, follow []diagnosis.FiringAlert) {
	for _, a := range r.Alerts {
		if len(r.Incidents) == 0 || r.IsCause(a.Alert) {
			causes = append(causes, a)
		} else {
			follow = append(follow, a)
		}
	}
	return causes, follow
}

// bySeverity counts incidents: 3 (1 critical, 2 warning).
func (w words) bySeverity(all []incident.Incident) string {
	counts := map[string]int{}
	for _, one := range all {
		counts[one.Severity]++
	}
	var parts []string
	for _, severity := range ruleeval.Severities() {
		if counts[severity] > 0 {
			parts = append(parts, w.say("%d %s", counts[severity], w.say(severity)))
		}
	}
	return w.say("%d (%s)", len(all), strings.Join(parts, w.say(", ")))
}
