package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// rule is an alerting or recording rule, as the files have it or as a mutant has it.
type rule struct {
	group string
	// name of the alert, or of what is recorded.
	name  string
	alert bool
	expr  string
	hold  time.Duration
	keep  time.Duration
	limit int
	// labels are those that the rule itself sets.
	labels      map[string]string
	annotations map[string]string

	parsed parser.Expr
	reads  [][]*labels.Matcher
	// queries are the annotations that ask for something.
	queries []string
	// text is the expression as the engine is asked it, and sum the digest of the rule.
	text string
	sum  []byte
}

// ruleset is all rules in the order of their files, which is that of their evaluation.
type ruleset []*rule

// loadRules reads rule files in the format of Prometheus.
func loadRules(p parser.Parser, files []string) (ruleset, error) {
	var all ruleset
	for _, file := range files {
		groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, p, slog.New(slog.DiscardHandler))
		if len(errs) > 0 {
			return nil, errors.Join(errs...)
		}
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				one := &rule{
					group: g.Name, name: r.Alert + r.Record, alert: r.Alert != "", expr: r.Expr, limit: g.Limit,
					hold: time.Duration(r.For), keep: time.Duration(r.KeepFiringFor),
					labels: map[string]string{}, annotations: r.Annotations,
				}
				maps.Copy(one.labels, g.Labels)
				maps.Copy(one.labels, r.Labels)
				if err := one.parse(p); err != nil {
					return nil, fmt.Errorf("%s, %s: %w", file, one.name, err)
				}
				all = append(all, one)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there are no rules in %s", strings.Join(files, ", "))
	}
	return all, nil
}

// parse reads the expression, and what it reads.
func (r *rule) parse(p parser.Parser) error {
	parsed, err := p.ParseExpr(r.expr)
	if err != nil {
		return err
	}
	r.parsed, r.reads, r.queries = parsed, parser.ExtractSelectors(parsed), nil
	for _, text := range r.annotations {
		if strings.Contains(text, "query") {
			r.queries = append(r.queries, text)
		}
	}
	return nil
}

// ready makes what is needed once the rule is whole. fmt writes maps in the order of their
// keys.
func (r *rule) ready() {
	r.text = r.parsed.String()
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %t %q %s %s %d %q %q", r.group, r.name, r.alert, r.expr, r.hold, r.keep, r.limit, r.labels, r.annotations))
	r.sum = sum[:]
}

// title names the rule among those of the same name, by the labels that it sets.
func (r *rule) title() string {
	var told []string
	for _, name := range slices.Sorted(maps.Keys(r.labels)) {
		if name != "severity" && name != "signal" {
			told = append(told, fmt.Sprintf("%s=%q", name, r.labels[name]))
		}
	}
	if len(told) == 0 {
		return r.name
	}
	return r.name + "{" + strings.Join(told, ",") + "}"
}

// signal is what the rule is about, or its group where rules have no such label.
func (r *rule) signal() string {
	if signal := r.labels["signal"]; signal != "" {
		return signal
	}
	group := strings.TrimSuffix(strings.TrimPrefix(r.group, "kubevitals-"), ".rules")
	if group != r.group {
		return strings.ReplaceAll(group, "-", "_")
	}
	return group
}

// made makes the rule that Prometheus evaluates, with annotations if they are to be told.
// It has no state yet.
func (r *rule) made(external labels.Labels, url string, told bool) rules.Rule {
	if !r.alert {
		return rules.NewRecordingRule(r.name, written{r.parsed, r.text}, labels.FromMap(r.labels))
	}
	annotations := labels.EmptyLabels()
	if told {
		annotations = labels.FromMap(r.annotations)
	}
	return rules.NewAlertingRule(r.name, written{r.parsed, r.text}, r.hold, r.keep, labels.FromMap(r.labels), annotations, external, url, true, slog.New(slog.DiscardHandler))
}

// feeds tells whether a selector may select what the rule writes.
func (r *rule) feeds(selector []*labels.Matcher) bool {
	for _, m := range selector {
		switch {
		case m.Name == model.MetricNameLabel && r.alert:
			if !m.Matches("ALERTS") && !m.Matches("ALERTS_FOR_STATE") {
				return false
			}
		case m.Name == model.MetricNameLabel:
			if !m.Matches(r.name) {
				return false
			}
		case m.Name == labels.AlertName && r.alert:
			if !m.Matches(r.name) {
				return false
			}
		default:
			// Labels of alerts may be templates, of which nothing is known.
			if value, ok := r.labels[m.Name]; ok && !strings.Contains(value, "{{") && !m.Matches(value) {
				return false
			}
		}
	}
	return true
}

// needs tells whether the rule reads what another writes, in its expression or in a
// query of its annotations.
func (r *rule) needs(other *rule) bool {
	for _, selector := range r.reads {
		if other.feeds(selector) {
			return true
		}
	}
	if other.alert {
		return false
	}
	for _, text := range r.queries {
		if strings.Contains(text, other.name) && asksFor(text, other) {
			return true
		}
	}
	return false
}

// asksFor tells whether a query in an annotation may select what is recorded. What the
// template fills in is not known, the labels written out are.
func asksFor(text string, recorded *rule) bool {
	for _, part := range strings.Split(text, recorded.name+"{")[1:] {
		possible := true
		for name, value := range recorded.labels {
			rest, found := strings.CutPrefix(part, name+`="`)
			asked, _, _ := strings.Cut(rest, `"`)
			if found && asked != value && !strings.ContainsAny(asked, "%{") {
				possible = false
			}
		}
		if possible {
			return true
		}
	}
	return false
}
