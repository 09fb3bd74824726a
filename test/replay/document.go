package replay

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const head = `# Incidents of a large cluster

<!-- Written by ` + "`make replay`" + `. Do not edit. -->

What an on-call gets of one incident in a cluster of %d nodes. The cluster is a model on simulated time (` + "`test/fleet`" + `): the real sources and collectors
read it, and Prometheus' own engine evaluates the shipped rules every minute with their own times, of which none is shortened. A real Alertmanager is told what
fires, 30 times as fast and with its waits as much shorter: by default they are 30 s for a group, and 5 min until it is told of again. A receiver counts
notifications of something that fires, above info. Each incident lasts %.0f minutes, and then %.0f more are looked at, in which all catches up.
What the model does not have tells nothing here: admission webhooks, and metrics of other programs, such as those of the API servers themselves.

- **Before**: rules that tell of each object alone (` + "`mixin/generated/alerts-each.yaml`" + `), an Alertmanager that groups by cluster and alert, and no inhibition.
- **Many in one**: the shipped rules, which tell of many objects in one alert, and still no inhibition.
- **As shipped**: the same rules with what ` + "`kubevitals export inhibit-rules`" + ` prints.

`

// Markdown is the document.
func (r Report) Markdown() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, head, r.Nodes, r.Ill.Minutes(), r.After.Minutes())
	fmt.Fprintln(&out, "| incident | alerts that fired before | and as shipped | notifications before | many in one | as shipped | told as shipped, after the minutes |")
	fmt.Fprintln(&out, "| --- | --- | --- | --- | --- | --- | --- |")
	for _, row := range r.Rows {
		fmt.Fprintf(&out, "| %s | %d | %d | %d | %d | **%d** | %s |\n", row.Incident.Name, sum(row.FiredSingle), sum(row.Fired),
			len(row.Before), len(row.Between), len(row.Now), row.told(row.Now))
	}
	fmt.Fprintf(&out, "\nAn incident is told of as it has to be with at most %d notifications, of which the first names the cause.\n", most)
	for _, row := range r.Rows {
		fmt.Fprintf(&out, "\n## %s\n\n", strings.ToUpper(row.Incident.Name[:1])+row.Incident.Name[1:])
		fmt.Fprintln(&out, "| alert | fired before | fired as shipped | told before | many in one | as shipped |")
		fmt.Fprintln(&out, "| --- | --- | --- | --- | --- | --- |")
		for _, name := range row.alerts() {
			fmt.Fprintf(&out, "| [%s](../mixin/runbooks/%s.md) | %d | %d | %s | %s | %s |\n", short(name), name, row.FiredSingle[name], row.Fired[name],
				times(row.Before, name), times(row.Between, name), times(row.Now, name))
		}
	}
	return out.Bytes()
}

// alerts are the names of those that fired by any rules.
func (r Row) alerts() []string {
	all := maps.Clone(r.FiredSingle)
	maps.Copy(all, r.Fired)
	return slices.Sorted(maps.Keys(all))
}

// times is how often an alert was told of; nothing for never.
func times(all []Notification, alert string) string {
	n := 0
	for _, one := range all {
		if one.Alert == alert {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
