package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v2"
)

// listed are mutants that nobody expects to be killed, each with the reason.
type listed struct {
	// Equivalent are those that say the same as the rule, so that no test can tell.
	Equivalent []entry `yaml:"equivalent"`
	// Accepted are those that a test could tell, and none does.
	Accepted []entry `yaml:"accepted"`
	// Compared are the tests of others under the same mutator.
	Compared []compared `yaml:"compared"`
}

// compared is what the tests of others came to.
type compared struct {
	What       string `yaml:"what"`
	Command    string `yaml:"command"`
	Mutants    int    `yaml:"mutants"`
	Killed     int    `yaml:"killed"`
	Survived   int    `yaml:"survived"`
	Equivalent int    `yaml:"equivalent"`
}

func (c compared) row() string {
	of := count{mutants: c.Mutants, killed: c.Killed, survived: c.Survived, equivalent: c.Equivalent}
	return of.row(c.What + ", by `" + c.Command + "`")
}

// entry is a reason, and the mutants that it holds for.
type entry struct {
	Reason  string    `yaml:"reason"`
	Mutants []pattern `yaml:"mutants"`
}

// pattern names mutants by their rule, operator and change, in which * is any text.
type pattern struct {
	Rule     string `yaml:"rule"`
	Operator string `yaml:"operator"`
	Change   string `yaml:"change"`
}

func (p pattern) matches(m *mutant) bool {
	return p.Operator == m.operator && like(p.Rule, m.original.title()) && like(p.Change, m.change())
}

func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(text)
}

// loadListed reads the list. No name is an empty list.
func loadListed(path string) (*listed, error) {
	l := &listed{}
	if path == "" {
		return l, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := yaml.UnmarshalStrict(text, l); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range append(l.Equivalent, l.Accepted...) {
		if e.Reason == "" || len(e.Mutants) == 0 {
			return nil, fmt.Errorf("%s: an entry has no reason, or no mutants", path)
		}
	}
	return l, nil
}

// excuse gives the mutants of the list that are alive their reasons, and returns what is
// wrong with the list: what is not there, and what a test kills.
func (l *listed) excuse(all []*mutant) []string {
	var wrong []string
	mark := func(entries []entry, same bool) {
		for _, e := range entries {
			for _, p := range e.Mutants {
				found := false
				for _, m := range all {
					if !p.matches(m) {
						continue
					}
					found = true
					switch {
					case m.state == equivalent:
					case m.state == killed:
						wrong = append(wrong, fmt.Sprintf("%s, %s: %s is listed, and killed by %s", m.original.title(), m.operator, m.change(), m.why))
					case same:
						m.state, m.why = equivalent, e.Reason
					default:
						m.why = e.Reason
					}
				}
				if !found {
					wrong = append(wrong, fmt.Sprintf("%s, %s: %s is listed, and there is no such mutant", p.Rule, p.Operator, p.Change))
				}
			}
		}
	}
	mark(l.Equivalent, true)
	mark(l.Accepted, false)
	return wrong
}
