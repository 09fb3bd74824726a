package replay

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// most is how many notifications one incident may be.
const most = 3

// Report is what became of all incidents.
type Report struct {
	Nodes int
	// Ill is how long each incident lasted, and After how long was looked at what came then.
	Ill, After time.Duration
	Rows       []Row
}

// Row is what became of one incident.
type Row struct {
	Incident Incident
	// Fired and FiredSingle are how many alerts above info fired of each name, by the
	// rules as they are shipped and by those that tell of each object alone.
	Fired, FiredSingle map[string]int
	// Before is what was told by rules that tell of each object alone, Between by those that
	// are shipped, and Now with their inhibition, too.
	Before, Between, Now []Notification
}

// RowOf sums up an incident, as it was by the rules that tell of each object alone, and by
// those that are shipped.
func RowOf(single, shipped Incident, before, between, now *Alertmanager) Row {
	return Row{
		Incident: shipped, Fired: grave(shipped), FiredSingle: grave(single),
		Before: before.Told(single.Name), Between: between.Told(shipped.Name), Now: now.Told(shipped.Name),
	}
}

// grave counts the alerts above info.
func grave(i Incident) map[string]int {
	counts := map[string]int{}
	for _, f := range i.Fired {
		if f.Severity != "info" {
			counts[f.Alert]++
		}
	}
	return counts
}

// Problems are why a row is not as it has to be.
func (r Row) Problems() []string {
	var all []string
	if len(r.Now) > most {
		all = append(all, fmt.Sprintf("%d notifications: %s", len(r.Now), names(r.Now)))
	}
	if len(r.Now) == 0 || r.Now[0].Alert != r.Incident.Cause[0] {
		all = append(all, fmt.Sprintf("the first notification is not of %s: %s", r.Incident.Cause[0], names(r.Now)))
	}
	return all
}

// names are what notifications tell of, in their order, each with its minute.
func (r Row) told(all []Notification) string {
	var parts []string
	for _, n := range all {
		parts = append(parts, fmt.Sprintf("%s (%.0f min)", short(n.Alert), n.At.Sub(r.Incident.Began).Minutes()))
	}
	return strings.Join(parts, ", ")
}

func names(all []Notification) string {
	var parts []string
	for _, n := range all {
		parts = append(parts, n.Alert)
	}
	return strings.Join(parts, ", ")
}

func short(alert string) string { return strings.TrimPrefix(alert, "KubeVitals") }

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// Text is for the one who runs it.
func (r Report) Text() string {
	var out bytes.Buffer
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "%d nodes\tnotifications before\tby the forms for many\twith inhibition\n", r.Nodes)
	for _, row := range r.Rows {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", row.Incident.Name, len(row.Before), len(row.Between), len(row.Now))
	}
	_ = t.Flush() // into memory
	for _, row := range r.Rows {
		fmt.Fprintf(&out, "\n%s\n  told: %s\n  without inhibition: %s\n  by each object: %s\n  fired:", row.Incident.Name, row.told(row.Now), row.told(row.Between), row.told(row.Before))
		for _, name := range slices.Sorted(maps.Keys(row.Fired)) {
			fmt.Fprintf(&out, " %s %d", short(name), row.Fired[name])
		}
		fmt.Fprintf(&out, "\n  fired of each object:")
		for _, name := range slices.Sorted(maps.Keys(row.FiredSingle)) {
			fmt.Fprintf(&out, " %s %d", short(name), row.FiredSingle[name])
		}
		fmt.Fprintln(&out)
	}
	return out.String()
}
