package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

const (
	// mostIncidents bounds the incidents that a person is shown at the top.
	mostIncidents = 20
	// mostAlike bounds those of one alert from which nothing follows.
	mostAlike = 3
	// mostConsequences bounds the objects that are named of each alert that follows.
	mostConsequences = 5
)

// incidents shows what is wrong in a line each, before all details. Of many of one alert
// from which nothing follows, some stand for all.
func (p *printer) incidents(all []incident.Incident) {
	if len(all) == 0 {
		return
	}
	p.line("")
	shown, alike := 0, map[string]int{}
	for _, one := range all {
		if len(one.Consequences) == 0 {
			alike[one.Cause.Alert]++
		}
		if shown == mostIncidents || (len(one.Consequences) == 0 && alike[one.Cause.Alert] > mostAlike) {
			continue
		}
		shown++
		began := ""
		if !one.Since.IsZero() {
			began = " Since " + one.Since.UTC().Format("2006-01-02 15:04:05 MST") + "."
		}
		p.line("%s %s%s", p.severity(one.Severity), p.bold(one.Summary), began)
		if follows := consequences(one); follows != "" {
			p.line("  Likely consequences: %s.", plain(follows))
		}
	}
	if more := len(all) - shown; more > 0 {
		p.line("%d more, of these or other alerts, which stand below; -o json names all.", more)
	}
}

// consequences names the alerts that follow from a cause, each with its objects.
func consequences(one incident.Incident) string {
	var alerts []string
	objects := map[string][]string{}
	for _, m := range one.Consequences {
		if objects[m.Alert] == nil {
			alerts = append(alerts, m.Alert)
			objects[m.Alert] = []string{}
		}
		objects[m.Alert] = append(objects[m.Alert], objectNames(m)...)
	}
	words := make([]string, 0, len(alerts))
	for _, alert := range alerts {
		names := objects[alert]
		if more := len(names) - mostConsequences; more > 0 {
			names = append(names[:mostConsequences:mostConsequences], fmt.Sprintf("%d more", more))
		}
		if len(names) > 0 {
			alert += " (" + strings.Join(names, ", ") + ")"
		}
		words = append(words, alert)
	}
	return strings.Join(words, ", ")
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
func bySeverity(all []incident.Incident) string {
	counts := map[string]int{}
	for _, one := range all {
		counts[one.Severity]++
	}
	var parts []string
	for _, severity := range ruleeval.Severities() {
		if counts[severity] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[severity], severity))
		}
	}
	return fmt.Sprintf("%d (%s)", len(all), strings.Join(parts, ", "))
}
