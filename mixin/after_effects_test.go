package mixin_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	// keepsQuiet is the part of a condition by which it is silent after outages.
	keepsQuiet = regexp.MustCompile(`unless on \(cluster\)\s+kubevitals:alert_cause:recent\{alert=~?"([^"]+)"\}`)
	outagesOf  = regexp.MustCompile(`ALERTS\{alertname=~"([^"]+)", alertstate="firing"\}`)
	minutesOf  = regexp.MustCompile(`kubevitals:alert_cause\[(\d+)m\]`)
)

// named are the names of alerts that a matcher is for.
func named(matcher string) []string {
	prefix, rest, many := strings.Cut(matcher, "(")
	if !many {
		return []string{matcher}
	}
	names := strings.Split(strings.TrimSuffix(rest, ")"), "|")
	for i := range names {
		names[i] = prefix + names[i]
	}
	slices.Sort(names)
	return names
}

// afterEffects are what the shipped rules do about them.
type afterEffects struct {
	// outages are the alerts after which others keep quiet, for so many minutes.
	outages []string
	minutes string
	// quiet are those others, with the outages that each heeds.
	quiet map[string][]string
}

func loadAfterEffects(t *testing.T) afterEffects {
	t.Helper()
	a := afterEffects{quiet: map[string][]string{}}
	for _, r := range shippedRules(t) {
		name := r.Alert
		switch r.Record {
		case "kubevitals:alert_cause":
			a.outages = named(outagesOf.FindStringSubmatch(r.Expr)[1])
		case "kubevitals:alert_cause:recent":
			a.minutes = minutesOf.FindStringSubmatch(r.Expr)[1]
		case "kubevitals:alert_object":
			name = r.Labels["alert"]
		}
		if found := keepsQuiet.FindStringSubmatch(r.Expr); found != nil {
			a.quiet[name] = named(found[1])
		}
	}
	return a
}

// TestAfterEffectsAreTheGraph verifies that an alert keeps quiet after an outage where the
// graph says that the outage silences it, whatever its labels are, and nowhere else.
func TestAfterEffectsAreTheGraph(t *testing.T) {
	t.Parallel()
	a := loadAfterEffects(t)
	severity := map[string]string{}
	for _, alert := range load(t).Alerts {
		severity[alert.Name] = alert.Labels["severity"]
	}
	want := map[string][]string{}
	for _, e := range loadCauses(t) {
		if e.Inhibits && len(e.On)+len(e.When)+len(e.Where) == 0 && slices.Contains(a.outages, e.Cause) && severity[e.Explains] != "info" {
			want[e.Explains] = append(want[e.Explains], e.Cause)
			slices.Sort(want[e.Explains])
		}
	}
	if diff := cmp.Diff(want, a.quiet); diff != "" {
		t.Errorf("what keeps quiet is not what the graph says (-graph +rules):\n%s", diff)
	}
	if len(a.outages) < 5 || len(a.quiet) < 30 {
		t.Errorf("%d alerts keep quiet after %d outages", len(a.quiet), len(a.outages))
	}
	if strings.Contains(read(t, "generated/alerts-each.yaml"), "kubevitals:alert_cause") {
		t.Error("check keeps quiet about what is so now")
	}
}

// text is what docs/causes.md says of them.
func (a afterEffects) text() string {
	var outages, quiet []string
	for _, name := range a.outages {
		outages = append(outages, fmt.Sprintf("[%s](../mixin/runbooks/%s.md)", short(name), name))
	}
	for _, name := range slices.Sorted(maps.Keys(a.quiet)) {
		quiet = append(quiet, short(name))
	}
	return "## After-effects\n\nWhat an outage of the control plane brought about goes on for a while when the outage is over: a scheduler that lost its Lease is\n" +
		"started again, an API server finds etcd again. That is no news. So an alert that one of these silences does not fire while it does, nor for\n" + a.minutes + " minutes after (`afterEffectMinutes`): " +
		strings.Join(outages, ",\n") + ".\nWhatever is still so then waits for as long as always, and is told of. An outage of which nobody was told, because it was over too soon, keeps\n" +
		"nothing quiet. While nothing can be written an alarm of etcd counts as one. `kubevitals check` and the pages tell of what is so now.\n\n" +
		"These keep quiet: " + strings.Join(quiet, ", ") + ".\n"
}
