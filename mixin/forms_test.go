package mixin_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// form is how an alert tells of many objects at once.
type form struct {
	// labels are those of an object, which the alert for many lacks.
	labels []string
	// limit is the largest number of objects of which each has an alert.
	limit int
	many  Alert
}

// String is the largest number of which each has an alert, and by what they are told apart,
// as a document says it: nothing where there is no form for many.
func (f form) String() string {
	if f.limit == 0 {
		return ""
	}
	return fmt.Sprintf("%d `%s`", f.limit, strings.Join(f.labels, "`, `"))
}

var (
	foldedLabels = regexp.MustCompile(`unless ignoring \((.+)\)`)
	formLimit    = regexp.MustCompile(`\[\d+s\]\) > (\d+)`)
)

// shippedRules are the rules as they are loaded into Prometheus.
func shippedRules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile("generated/alerts.yaml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	for _, err := range errs {
		t.Error(err)
	}
	var all []rulefmt.Rule
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// loadForms reads which alerts have a form for many.
func loadForms(t *testing.T) map[string]form {
	t.Helper()
	forms := map[string]form{}
	for _, r := range shippedRules(t) {
		f := forms[r.Alert]
		if r.Labels["objects"] == "many" {
			f.many = Alert{Name: r.Alert, Expr: r.Expr, For: r.For.String(), Labels: r.Labels, Annotations: r.Annotations}
			forms[r.Alert] = f
		} else if found := foldedLabels.FindStringSubmatch(r.Expr); r.Alert != "" && found != nil {
			f.labels = strings.Split(found[1], ", ")
			f.limit, _ = strconv.Atoi(formLimit.FindStringSubmatch(r.Expr)[1])
			forms[r.Alert] = f
		}
	}
	return forms
}

// closed are the labels whose values are few, whatever the size of the cluster.
var closed = []string{"cluster", "severity", "signal", "api", "component", "fault", "network", "operation", "probe", "reason", "signer", "state", "zone"}

// TestAlertsOfObjectsHaveAFormForMany verifies that each alert above info that can have as
// many instances as there are objects of a kind has a form for many, which says the same in
// all else, and that all go by the conditions that check evaluates.
func TestAlertsOfObjectsHaveAFormForMany(t *testing.T) {
	t.Parallel()
	p, forms := load(t), loadForms(t)
	labels := labelsOf(p)
	conditions := map[string]string{}
	for _, r := range shippedRules(t) {
		switch {
		case r.Record == "kubevitals:alert_object":
			conditions[r.Labels["alert"]] = r.Expr
		case r.Alert != "" && forms[r.Alert].limit == 0:
			conditions[r.Alert] = r.Expr
		}
	}
	plain := func(expr string) string { return strings.Join(strings.Fields(expr), " ") }
	for _, a := range p.Alerts {
		if !strings.Contains(plain(conditions[a.Name]), plain(a.Expr)) {
			t.Errorf("%s: the rules that are shipped have another condition than those of check", a.Name)
		}
		f, formed := forms[a.Name]
		for label := range labels[a.Name] {
			if !formed && !slices.Contains(closed, label) && a.Labels["severity"] != "info" {
				t.Errorf("%s tells of each %s, however many there are: it says not in `each` what it is about", a.Name, label)
			}
		}
		if !formed {
			continue
		}
		if !slices.ContainsFunc(f.labels, func(label string) bool { return labels[a.Name][label] }) {
			t.Errorf("%s is about %v, and has only %v", a.Name, f.labels, labels[a.Name])
		}
		if f.many.Labels["severity"] != a.Labels["severity"] || f.many.Labels["signal"] != a.Labels["signal"] || f.many.For != a.For ||
			RunbookOf(f.many) != RunbookOf(a) || DashboardOf(f.many) != DashboardOf(a) || !strings.HasSuffix(f.many.Annotations["summary"], " at once. "+a.Annotations["summary"]) {
			t.Errorf("%s: its form for many says something else: %+v", a.Name, f.many)
		}
	}
	if len(forms) < 100 {
		t.Errorf("only %d alerts have a form for many", len(forms))
	}
}

// ill is a rule test in which an alert fires.
type ill struct {
	given
	alert string
	// labels of the first alert that fires.
	labels map[string]string
}

// allIll reads the first rule test in which each alert fires.
func allIll(t *testing.T) map[string]ill {
	t.Helper()
	first := map[string]ill{}
	for _, file := range files(t, "tests/*.yaml") {
		var content struct {
			Tests []struct {
				Name        string
				InputSeries []struct{ Series, Values string } `json:"input_series"`
				Asserted    []struct {
					EvalTime  model.Duration `json:"eval_time"`
					Alertname string
					Expected  []struct {
						Labels map[string]string `json:"exp_labels"`
					} `json:"exp_alerts"`
				} `json:"alert_rule_test"`
			}
		}
		if err := yaml.Unmarshal([]byte(read(t, file)), &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, test := range content.Tests {
			for _, a := range test.Asserted {
				if _, ok := first[a.Alertname]; ok || len(a.Expected) == 0 {
					continue
				}
				one := ill{given: given{name: file + ": " + test.Name, at: int(time.Duration(a.EvalTime) / time.Minute)}, alert: a.Alertname, labels: a.Expected[0].Labels}
				for _, s := range test.InputSeries {
					one.series = append(one.series, parseSeries(t, s.Series+" "+s.Values))
				}
				first[a.Alertname] = one
			}
		}
	}
	return first
}

// times returns the same for so many objects that are ill alike: each series that bears the
// name of the one that is ill, in one of some labels, as often with another name.
func (i ill) times(many int, labels []string) given {
	g := given{name: i.name, at: i.at}
	for _, s := range i.series {
		of := func(at int) bool {
			name := s.desc.Labels[at]
			return slices.Contains(labels, name) && i.labels[name] != "" && s.labels[at] == i.labels[name]
		}
		borne := false
		for at := range s.labels {
			borne = borne || of(at)
		}
		if !borne {
			g.series = append(g.series, s)
			continue
		}
		for n := range many {
			copied := s
			copied.labels = slices.Clone(s.labels)
			for at := range copied.labels {
				if of(at) {
					copied.labels[at] += fmt.Sprintf("-%d", n)
				}
			}
			g.series = append(g.series, copied)
		}
	}
	return g
}

// evaluated is what rules find in a case. Where no alert looks back one scrape is enough.
func (g given) evaluated(t *testing.T, rules *ruleeval.Rules, looksBack bool) map[string][]ruleeval.Finding {
	t.Helper()
	samples, first := ruleeval.NewSamples(nil), g.at
	if looksBack {
		first = 0
	}
	for minute := first; minute <= g.at; minute++ {
		samples.Add(g.scrape(t, minute, ""), time.Unix(0, 0).Add(time.Duration(minute)*time.Minute))
	}
	evaluation, err := rules.Evaluate(t.Context(), samples)
	if err != nil {
		t.Fatalf("%s: %v", g.name, err)
	}
	found := map[string][]ruleeval.Finding{}
	for _, f := range evaluation.Findings {
		found[f.Alert] = append(found[f.Alert], f)
	}
	return found
}
