package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// rule is one of a group, as the file has it.
type rule struct {
	group   int
	raw     map[string]any
	labels  map[string]string
	others  made // what is known of labels that are not its own
	reads   []reading
	selects []reading // the part of reads that is not of annotations
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
	own, _ := r.raw["labels"].(map[string]any)
	for name, value := range own {
		// What a template makes of it is not known before.
		if text := fmt.Sprint(value); !strings.Contains(text, "{{") {
			r.labels[name] = text
		}
	}
	if r.isAlert {
		r.labels[labels.AlertName] = r.makes
	}
	expr, err := parse(fmt.Sprint(r.raw["expr"]))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.makes, err)
	}
	r.selects = readings(expr)
	r.reads = slices.Clone(r.selects)
	r.others = labelsOf(expr).only(func(label string) bool {
		return own[label] == nil && label != model.MetricNameLabel && label != labels.AlertName && label != "alertstate"
	})
	if texts, ok := r.raw["annotations"].(map[string]any); ok {
		for _, text := range texts {
			r.reads = append(r.reads, asked(fmt.Sprint(text))...)
		}
	}
	return r, nil
}

func parse(expr string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(expr)
}

// readings are the selectors of an expression.
func readings(expr parser.Expr) []reading {
	var all []reading
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			one := reading{name: s.Name}
			for _, m := range s.LabelMatchers {
				if m.Name != model.MetricNameLabel {
					one.matchers = append(one.matchers, m)
				} else if m.Type == labels.MatchEqual {
					one.name = m.Value
				}
			}
			all = append(all, one)
		}
		return nil
	})
	return all
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

// may tells whether what the rule makes may be selected, by what is known of its labels.
func (r *rule) may(be reading) bool {
	if r.isAlert {
		if be.name != "" && be.name != "ALERTS" && be.name != "ALERTS_FOR_STATE" {
			return false
		}
	} else if be.name != "" && be.name != r.makes {
		return false
	}
	for _, m := range be.matchers {
		if value, isKnown := r.labels[m.Name]; isKnown && !m.Matches(value) {
			return false
		}
	}
	return r.others.may(be.matchers)
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
