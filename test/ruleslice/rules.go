package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// rule is one of a group, as the file has it.
type rule struct {
	group   int
	raw     map[string]any
	labels  map[string]string
	reads   []reading
	isAlert bool
	makes   string // the name of the alert or of the series
}

// reading is what an expression selects: series of a name, of all names where it is
// empty, with labels that the matchers want.
type reading struct {
	name     string
	matchers []*labels.Matcher
}

// ruleset is all rules of the files that a test names.
type ruleset struct {
	groups []map[string]any
	rules  []*rule
	from   map[*rule][]*rule
}

func readRules(folder string, files any) (*ruleset, error) {
	names, _ := files.([]any)
	set := &ruleset{from: map[*rule][]*rule{}}
	for _, name := range names {
		file := filepath.Join(folder, fmt.Sprint(name))
		var content struct {
			Groups []map[string]any `json:"groups"`
		}
		if err := readYAML(file, &content); err != nil {
			return nil, fmt.Errorf("rule file %s: %w", file, err)
		}
		for _, group := range content.Groups {
			rules, _ := group["rules"].([]any)
			delete(group, "rules")
			set.groups = append(set.groups, group)
			for _, raw := range rules {
				r, err := readRule(raw)
				if err != nil {
					return nil, fmt.Errorf("rule file %s, group %v: %w", file, group["name"], err)
				}
				r.group = len(set.groups) - 1
				set.rules = append(set.rules, r)
			}
		}
	}
	if len(set.rules) == 0 {
		return nil, fmt.Errorf("its rule files %v have no rules", names)
	}
	return set, nil
}

func readRule(raw any) (*rule, error) {
	r := &rule{labels: map[string]string{}}
	var isMap bool
	if r.raw, isMap = raw.(map[string]any); !isMap {
		return nil, fmt.Errorf("%v is no rule", raw)
	}
	r.makes, r.isAlert = r.raw["alert"].(string)
	if !r.isAlert {
		r.makes, _ = r.raw["record"].(string)
	}
	if own, ok := r.raw["labels"].(map[string]any); ok {
		for name, value := range own {
			// What a template makes of it is not known before.
			if text := fmt.Sprint(value); !strings.Contains(text, "{{") {
				r.labels[name] = text
			}
		}
	}
	var err error
	if r.reads, err = readings(fmt.Sprint(r.raw["expr"])); err != nil {
		return nil, fmt.Errorf("%s: %w", r.makes, err)
	}
	if texts, ok := r.raw["annotations"].(map[string]any); ok {
		for _, text := range texts {
			r.reads = append(r.reads, asked(fmt.Sprint(text))...)
		}
	}
	return r, nil
}

// readings are the selectors of an expression.
func readings(expr string) ([]reading, error) {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	var all []reading
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			one := reading{name: s.Name}
			for _, m := range s.LabelMatchers {
				if m.Name != labels.MetricName {
					one.matchers = append(one.matchers, m)
				} else if m.Type == labels.MatchEqual {
					one.name = m.Value
				}
			}
			all = append(all, one)
		}
		return nil
	})
	return all, nil
}

// inText finds what may be a name of a metric, with its first matcher where that wants
// one value.
var inText = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(\w+)="(\w+)")?`)

// asked are the series that templates of a text may ask for: each word might be one.
func asked(text string) []reading {
	var all []reading
	for _, found := range inText.FindAllStringSubmatch(text, -1) {
		one := reading{name: found[1]}
		if found[2] != "" {
			one.matchers = []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, found[2], found[3])}
		}
		all = append(all, one)
	}
	return all
}

// may tells whether what the rule makes may be selected. Labels of its own are all that
// is known of it.
func (r *rule) may(be reading) bool {
	known := map[string]string{}
	for name, value := range r.labels {
		known[name] = value
	}
	if r.isAlert {
		if be.name != "" && be.name != "ALERTS" && be.name != "ALERTS_FOR_STATE" {
			return false
		}
		known["alertname"] = r.makes
	} else if be.name != "" && be.name != r.makes {
		return false
	}
	for _, m := range be.matchers {
		if value, isKnown := known[m.Name]; isKnown && !m.Matches(value) {
			return false
		}
	}
	return true
}

// selected are the rules whose results may be selected.
func (s *ruleset) selected(be reading) []*rule {
	var all []*rule
	for _, r := range s.rules {
		if r.may(be) {
			all = append(all, r)
		}
	}
	return all
}

// sources are the rules that another reads from. Most of what it reads is of no rule,
// and many tests ask for the same.
func (s *ruleset) sources(r *rule) []*rule {
	if known, ok := s.from[r]; ok {
		return known
	}
	var all []*rule
	for _, be := range r.reads {
		all = append(all, s.selected(be)...)
	}
	s.from[r] = all
	return all
}

// neededBy returns, as a rule file, what a test asserts and all that this comes from.
func (s *ruleset) neededBy(test any) (string, error) {
	first, err := s.asserted(test)
	if err != nil {
		return "", err
	}
	needed := map[*rule]bool{}
	var take func([]*rule)
	take = func(rules []*rule) {
		for _, r := range rules {
			if !needed[r] {
				needed[r] = true
				take(s.sources(r))
			}
		}
	}
	for _, be := range first {
		take(s.selected(be))
	}
	return s.file(needed)
}

// file writes groups with some of their rules, in the order in which they were.
func (s *ruleset) file(needed map[*rule]bool) (string, error) {
	groups := make([]map[string]any, 0, len(s.groups))
	for i, group := range s.groups {
		var rules []map[string]any
		for _, r := range s.rules {
			if r.group == i && needed[r] {
				rules = append(rules, r.raw)
			}
		}
		if len(rules) == 0 {
			continue
		}
		some := map[string]any{"rules": rules}
		for key, value := range group {
			some[key] = value
		}
		groups = append(groups, some)
	}
	text, err := json.Marshal(map[string]any{"groups": groups})
	return string(text), err
}

// asserted is what a test of promtool's format looks at.
func (s *ruleset) asserted(test any) ([]reading, error) {
	text, err := json.Marshal(test)
	if err != nil {
		return nil, err
	}
	var t struct {
		Name   string `json:"name"`
		Alerts []struct {
			Name string `json:"alertname"`
		} `json:"alert_rule_test"`
		Expressions []struct {
			Expr string `json:"expr"`
		} `json:"promql_expr_test"`
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	var all []reading
	for _, a := range t.Alerts {
		if !s.has(a.Name) {
			return nil, fmt.Errorf("test %q: no rule makes the alert %q", t.Name, a.Name)
		}
		name := labels.MustNewMatcher(labels.MatchEqual, "alertname", a.Name)
		all = append(all, reading{name: "ALERTS", matchers: []*labels.Matcher{name}})
	}
	for _, e := range t.Expressions {
		more, err := readings(e.Expr)
		if err != nil {
			return nil, fmt.Errorf("test %q: %w", t.Name, err)
		}
		all = append(all, more...)
	}
	return all, nil
}

func (s *ruleset) has(alert string) bool {
	return slices.ContainsFunc(s.rules, func(r *rule) bool { return r.isAlert && r.makes == alert })
}
