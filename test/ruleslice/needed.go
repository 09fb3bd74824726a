package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// neededBy returns, as a rule file and the names of its groups, what a test asserts and
// all that this comes from.
func (s *ruleset) neededBy(test any) (string, []string, error) {
	first, err := s.asserted(test)
	if err != nil {
		return "", nil, err
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
func (s *ruleset) file(needed map[*rule]bool) (string, []string, error) {
	groups, names := make([]map[string]any, 0, len(s.groups)), []string{}
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
		groups, names = append(groups, some), append(names, fmt.Sprint(group["name"]))
	}
	text, err := json.Marshal(map[string]any{"groups": groups})
	return string(text), names, err
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
		expr, err := parse(e.Expr)
		if err != nil {
			return nil, fmt.Errorf("test %q: %w", t.Name, err)
		}
		all = append(all, readings(expr)...)
	}
	return all, nil
}

func (s *ruleset) has(alert string) bool {
	return slices.ContainsFunc(s.rules, func(r *rule) bool { return r.isAlert && r.makes == alert })
}
