package mixin_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/test/fresh"
)

// reviewedFile holds what alerts say when one of their inputs is missing. Each line
// was read: it claims neither that something works nor that it is dead of which
// nothing is seen.
const reviewedFile = "testdata/unseen-inputs.txt"

// given is one assertion of the rule tests: series, and when they are looked at.
type given struct {
	name   string
	series []written
	at     int
}

// written is a series with one value for each minute.
type written struct {
	desc   *exporter.Desc
	labels []string
	values []parser.SequenceValue
}

// TestUnseenInputsGolden takes the series of every rule test, drops one metric after
// the other, as if its source could not be read, and looks at what the alerts say
// then that they did not say before. What they say must be among what was reviewed.
func TestUnseenInputsGolden(t *testing.T) {
	t.Parallel()
	rules := newDependents(t)
	said := map[string]bool{}
	for _, g := range allGiven(t) {
		for metric := range rules.of {
			if !slices.ContainsFunc(g.series, func(s written) bool { return s.desc.Name == metric }) {
				continue
			}
			with, without := rules.say(t, metric, g, ""), rules.say(t, metric, g, metric)
			for line := range without {
				if !with[line] {
					said[fmt.Sprintf("without %s: %s", metric, line)] = true
				}
			}
		}
	}
	text := strings.Join(slices.Sorted(maps.Keys(said)), "\n") + "\n"
	if fresh.Update() {
		if err := os.WriteFile(reviewedFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reviewed := strings.Split(strings.TrimSuffix(read(t, reviewedFile), "\n"), "\n")
	for line := range said {
		if !slices.Contains(reviewed, line) {
			t.Errorf("%s\nRead it: does it claim something of what is not seen? If not: make update-docs", line)
		}
	}
	for _, line := range reviewed {
		if !said[line] {
			t.Errorf("%s has a line that no alert says any more: %s; run: make update-docs", reviewedFile, line)
		}
	}
}

// dependents are, by metric, the rules that read it, or what was recorded from it.
type dependents struct {
	of map[string]*ruleeval.Rules
}

// ruleGroup is a group of rules as it is written.
type ruleGroup struct {
	Name  string           `json:"name"`
	Rules []map[string]any `json:"rules"`
}

var anyMetric = regexp.MustCompile(`[a-z][a-z0-9]*[_:][a-z0-9_:]+`)

// reads returns what may be names of metrics in a rule, its texts among it.
func reads(r map[string]any) map[string]bool {
	names := map[string]bool{}
	for _, name := range anyMetric.FindAllString(fmt.Sprint(r["expr"], r["annotations"]), -1) {
		names[name] = true
	}
	return names
}

func newDependents(t *testing.T) dependents {
	t.Helper()
	var file struct{ Groups []ruleGroup }
	if err := yaml.Unmarshal([]byte(read(t, "generated/alerts-each.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	d := dependents{of: map[string]*ruleeval.Rules{}}
	whole, err := ruleeval.Parse([]byte(read(t, "generated/alerts-each.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	for metric := range whole.Reads() {
		d.of[metric] = only(t, file.Groups, metric)
	}
	return d
}

// only returns the alerts that depend on a metric, and all that is recorded.
func only(t *testing.T, groups []ruleGroup, metric string) *ruleeval.Rules {
	t.Helper()
	changed := map[string]bool{metric: true}
	var kept []ruleGroup
	for _, g := range groups {
		own := ruleGroup{Name: g.Name}
		for _, r := range g.Rules {
			depends := slices.ContainsFunc(slices.Collect(maps.Keys(reads(r))), func(name string) bool { return changed[name] })
			record, recorded := r["record"].(string)
			if depends && recorded {
				changed[record] = true
			}
			if depends || recorded {
				own.Rules = append(own.Rules, r)
			}
		}
		if len(own.Rules) > 0 {
			kept = append(kept, own)
		}
	}
	file, err := yaml.Marshal(map[string]any{"groups": kept})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ruleeval.Parse(file)
	if err != nil {
		t.Fatalf("the rules that read %s: %v", metric, err)
	}
	return rules
}

// say returns what the rules that depend on a metric say of a case without a metric.
func (d dependents) say(t *testing.T, metric string, g given, without string) map[string]bool {
	t.Helper()
	samples := ruleeval.NewSamples(nil)
	for minute := range g.at + 1 {
		samples.Add(g.scrape(t, minute, without), time.Unix(0, 0).Add(time.Duration(minute)*time.Minute))
	}
	said := map[string]bool{}
	evaluation, err := d.of[metric].Evaluate(t.Context(), samples)
	if err != nil {
		t.Fatalf("%s: %v", g.name, err)
	}
	for _, f := range evaluation.Findings {
		said[f.Alert+": "+f.Description] = true
	}
	return said
}

// scrape returns what there is in a minute, but for one metric.
func (g given) scrape(t *testing.T, minute int, without string) exporter.Families {
	t.Helper()
	var metrics []prometheus.Metric
	for _, s := range g.series {
		if s.desc.Name == without || minute >= len(s.values) || s.values[minute].Omitted || value.IsStaleNaN(s.values[minute].Value) {
			continue
		}
		metrics = append(metrics, s.desc.Sample(s.values[minute].Value, s.labels...))
	}
	families, err := exporter.FamiliesOf(metrics...)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// allGiven reads every assertion of the rule tests.
func allGiven(t *testing.T) []given {
	t.Helper()
	var all []given
	for _, file := range files(t, "tests/*.yaml") {
		var content struct {
			Tests []struct {
				Name        string
				Interval    model.Duration
				InputSeries []struct{ Series, Values string } `json:"input_series"`
				Asserted    []struct {
					EvalTime model.Duration `json:"eval_time"`
				} `json:"alert_rule_test"`
			}
		}
		if err := yaml.Unmarshal([]byte(read(t, file)), &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, test := range content.Tests {
			g := given{name: file + ": " + test.Name}
			for _, s := range test.InputSeries {
				g.series = append(g.series, parseSeries(t, s.Series+" "+s.Values))
			}
			for _, a := range test.Asserted {
				g.at = int(time.Duration(a.EvalTime) / time.Minute)
				all = append(all, g)
			}
		}
	}
	return all
}

func parseSeries(t *testing.T, text string) written {
	t.Helper()
	metric, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(text)
	if err != nil {
		t.Fatal(err)
	}
	s := written{values: values}
	var names []string
	metric.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			names, s.labels = append(names, l.Name), append(s.labels, l.Value)
		}
	})
	s.desc = exporter.Foreign(metric.Get(model.MetricNameLabel), names...)
	return s
}
