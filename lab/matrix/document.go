package matrix

import (
	"fmt"
	"slices"
	"strings"
)

// Merge puts the results of several campaigns together. Of a case that is in several the
// last counts.
func Merge(files ...string) (Report, error) {
	var whole Report
	for _, file := range files {
		r, err := ReadReport(file)
		if err != nil {
			return whole, err
		}
		results, pairs := whole.Results, whole.Pairs
		for _, result := range r.Results {
			results = put(results, result)
		}
		for _, result := range r.Pairs {
			pairs = put(pairs, result)
		}
		whole = r
		whole.Results, whole.Pairs = results, pairs
	}
	return whole, nil
}

// put replaces the result of the same case, or adds it.
func put(all []Result, r Result) []Result {
	if i := slices.IndexFunc(all, func(other Result) bool { return other.Case == r.Case }); i >= 0 {
		all[i] = r
		return all
	}
	return append(all, r)
}

// figures are what all cases of one fault come to together.
type figures struct {
	good, all     int
	notifications []float64
	seen, watched []float64
	fired         []float64
}

func (r Report) figures() figures {
	var f figures
	for _, result := range r.Results {
		f.all++
		if result.Good() {
			f.good++
		}
		if result.Error != "" {
			continue
		}
		f.notifications = append(f.notifications, float64(len(result.Notifications)))
		for _, c := range result.Causes {
			if c.Seen != nil {
				f.seen = append(f.seen, *c.Seen)
				if c.Watched {
					f.watched = append(f.watched, *c.Seen)
				}
			}
			if c.Fired != nil {
				f.fired = append(f.fired, *c.Fired)
			}
		}
	}
	return f
}

// Summary are the figures of all faults, in some lines.
func (r Report) Summary() string {
	var b strings.Builder
	f := r.figures()
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, "- "+format+"\n", args...) }
	if f.all > 0 {
		line("As it has to be: %d of %d faults.", f.good, f.all)
	}
	if len(f.notifications) > 0 {
		line("Notifications for a fault: %.0f in the median, %.0f at most.", quantile(f.notifications, 0.5), slices.Max(f.notifications))
	}
	times := func(what string, values []float64) {
		if len(values) > 0 {
			line("From %s: %.1f s in the median, %.1f s in 95 of 100 cases (of %d faults).", what, quantile(values, 0.5), quantile(values, 0.95), len(values))
		}
	}
	times("the fault to the metric", f.seen)
	times("the fault to the metric, where an object of the API is what changes", f.watched)
	times("the fault to the alert", f.fired)
	if n := len(r.Pairs); n > 0 {
		good := 0
		for _, p := range r.Pairs {
			if p.Good() {
				good++
			}
		}
		line("As it has to be: %d of %d pairs.", good, n)
	}
	return b.String()
}

const about = `# Fault matrix

<!-- Written by ` + "`make matrix`" + `. Do not edit. -->

Each fault is made on a real control plane (etcd, kube-apiserver, kube-controller-manager, kube-scheduler and six hollow kubelets in two zones, with CoreDNS,
a metrics API and an autoscaler) that a kubevitals as it is shipped watches, with its defaults. A real Prometheus evaluates the shipped rules, a real
Alertmanager has what ` + "`kubevitals export inhibit-rules`" + ` prints and groups as it says, and a receiver counts what an on-call would get: notifications of
something that fires, above info. Components that end by themselves are started again, as a kubelet does with static pods.

A row is as it has to be when the alert of the cause fires within two minutes and what it waits for, is in the first notification, there are at most
three, nothing fires beside what [the graph of causes](causes.md) says may follow, and the alert ends within a minute after the healing and what it lingers
for. What fired and was kept back is *inhibited*; what is not in a row was silent.

Times are shortened by settings of the mixin alone: what has to hold, or to be kept, for m minutes does so for 20 s times the root of m (1 minute is
20 s, 5 are 45 s, 15 are 77 s), which keeps the order of all alerts. So do the waits of Alertmanager. What heartbeats, Leases and probes take is as it
is everywhere, and so is for how long [after-effects](causes.md#after-effects) keep quiet. Ranges of rates cannot be shortened: an alert that looks
back for longer than it would then wait keeps its own times, unless it is the one that names the fault, and ends when its range is over.
`

// Markdown returns the report as a document.
func (r Report) Markdown() string {
	var b strings.Builder
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format, args...) }
	remark := r.Remark
	if remark != "" {
		remark += "\n\n"
	}
	write("%s\n`%s`, with these settings beside `alertFor` and `alertKeepFiringFor` of each alert: `%s`.\n\n%s%s\n", about, r.Command, strings.Join(r.Settings, "`, `"), remark, r.Summary())
	write("## Faults\n\n| fault | alert of the cause | in the metrics after | fired after | ended after the healing | notifications | inhibited | |\n")
	write("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, result := range r.Results {
		write("| %s |\n", strings.Join(cells(result), " | "))
	}
	write("\n## What fired\n\nSeconds after the fault, and seconds after the healing; a negative number is before it. Each of the other %d alerts was silent.\n\n", r.Alerts)
	write("| fault | alert | instances | fired after | ended after the healing | |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, result := range r.Results {
		for _, a := range result.Alerts {
			write("| `%s` | %s | %d | %.0f s | %s | %s |\n", result.Case, link(a.Name), a.Instances, a.Fired, text(a.Resolved), fate(a))
		}
	}
	if len(r.Pairs) > 0 {
		write("\n## Two at once\n\nTwo faults that have nothing to do with each other are two pages; and what stays when its cause has ended is told of then, or\nwhen it can no longer be an after-effect.\n\n")
		write("| faults | fired after | notifications | |\n| --- | --- | --- | --- |\n")
		for _, result := range r.Pairs {
			var fired []string
			for _, c := range result.Causes {
				fired = append(fired, brief(c.Alert)+" "+text(c.Fired))
			}
			write("| %s | %s | %s | %s |\n", result.Case, strings.Join(fired, "<br>"), notificationsOf(result), verdict(result))
		}
	}
	return b.String()
}

func link(alert string) string {
	return fmt.Sprintf("[%s](../mixin/runbooks/%s.md)", brief(alert), alert)
}

func cells(r Result) []string {
	if len(r.Causes) == 0 {
		return []string{"`" + r.Case + "`", "", "", "", "", "", "", "not tried: " + r.Error}
	}
	c := r.Causes[0]
	var inhibited []string
	for _, a := range r.Alerts {
		if a.Inhibited && !a.Sent {
			inhibited = append(inhibited, brief(a.Name))
		}
	}
	return []string{
		fmt.Sprintf("`%s`: %s", c.Fault, c.What), link(c.Alert), precise(c.Seen), text(c.Fired), text(c.Resolved),
		notificationsOf(r), strings.Join(inhibited, ", "), verdict(r),
	}
}

// precise is a number of seconds with tenths, or a dash.
func precise(s *float64) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f s", *s)
}

func notificationsOf(r Result) string {
	told := []string{fmt.Sprint(len(r.Notifications))}
	if len(r.Notifications) > 0 {
		told[0] += ":"
	}
	for _, n := range r.Notifications {
		told = append(told, briefAll(n))
	}
	return strings.Join(told, "<br>")
}

func verdict(r Result) string {
	switch {
	case r.Error != "":
		return "not tried: " + r.Error
	case r.Good():
		return "as it has to be"
	}
	return "**" + strings.Join(r.Faulty, "; ") + "**"
}

func fate(a Alert) string {
	fate := string(a.Role)
	switch {
	case a.Info:
		fate += ", for information"
	case a.Sent:
		fate += ", sent"
	case a.Inhibited:
		fate += ", inhibited"
	default:
		fate += ", over before it was sent"
	}
	return fate
}
