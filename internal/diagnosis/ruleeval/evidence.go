package ruleeval

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Evidence is one sample.
type Evidence struct {
	// Metric with its labels, but for those of the target such as job.
	Series string `json:"series"`
	// Value of the sample. NaN and infinity are strings.
	Value Number `json:"value"`
	// Metric is the name alone, which tells the unit of the value.
	Metric string `json:"-"`
}

// Labels are those of the series; none where it has none but those of the target.
func (e Evidence) Labels() map[string]string {
	parsed, err := parser.NewParser(parser.Options{}).ParseMetric(e.Series)
	if err != nil {
		return nil // a name alone, in characters that PromQL wants quoted
	}
	own := parsed.Map()
	delete(own, model.MetricNameLabel)
	return own
}

// mostEvidence bounds the samples of all findings of an alert together: two of each
// node of the largest clusters. Where that is used up a finding has leastEvidence.
const (
	mostEvidence  = 10_000
	leastEvidence = 5
)

// First returns the first samples, at most so many.
func First(list []Evidence, most int) []Evidence { return list[:min(len(list), most)] }

// Behind returns the latest samples of all series that an alert goes by, whether
// it holds or not, as far as they do not contradict the labels. Labels of the
// target, such as cluster, are not compared: samples are of one target only.
func (r *Rules) Behind(alert string, s *Samples, own map[string]string) []Evidence {
	var found []Evidence
	for _, one := range r.list {
		if one.Alert == alert {
			found = append(found, s.index(one).of(own, math.MaxInt)...)
		}
	}
	return found
}

// LooksBack returns the names of the metrics whose past the rules read: those in
// ranges, subqueries and offsets.
func (r *Rules) LooksBack() map[string]bool {
	names := map[string]bool{}
	for _, one := range r.list {
		parser.Inspect(one.expr, func(n parser.Node, path []parser.Node) error {
			selector, ok := n.(*parser.VectorSelector)
			if !ok {
				return nil
			}
			back := selector.OriginalOffset != 0 || slices.ContainsFunc(path, func(above parser.Node) bool {
				switch above.(type) {
				case *parser.MatrixSelector, *parser.SubqueryExpr:
					return true
				}
				return false
			})
			if back {
				names[selector.Name] = true
			}
			return nil
		})
	}
	return names
}

// evidenceIndex finds the present samples behind one rule by the labels of what the
// rule found: a rule may find thousands, each among thousands of samples.
type evidenceIndex struct {
	samples *Samples
	rule    rule
	// groups, by the names of labels that are asked for.
	groups map[string][]group
}

// group are samples that bear the same of the labels that are asked for.
type group struct {
	names []string
	byKey map[string][]*series
}

func (s *Samples) index(one rule) *evidenceIndex {
	return &evidenceIndex{samples: s, rule: one, groups: map[string][]group{}}
}

// of returns the samples that do not contradict the labels, at most so many, sorted.
// Only what is returned is written out: one finding may rest on all samples there are.
func (x *evidenceIndex) of(own map[string]string, most int) []Evidence {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if !x.samples.target.Has(name) {
			names = append(names, name)
		}
	}
	asked := strings.Join(names, ",")
	groups, ok := x.groups[asked]
	if !ok {
		groups = x.group(names)
		x.groups[asked] = groups
	}
	var behind []*series
	for _, g := range groups {
		behind = append(behind, g.byKey[valuesOf(g.names, func(name string) string { return own[name] })]...)
	}
	slices.SortFunc(behind, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
	behind = slices.Compact(behind)
	found := make([]Evidence, 0, min(len(behind), most))
	for _, one := range behind[:min(len(behind), most)] {
		found = append(found, Evidence{x.samples.text(one.labels), Number(one.last().v), one.labels.Get(model.MetricNameLabel)})
	}
	slices.SortFunc(found, func(a, b Evidence) int { return strings.Compare(a.Series, b.Series) })
	return found
}

func (x *evidenceIndex) group(names []string) []group {
	byNames := map[string]*group{}
	for _, selector := range x.rule.triggers {
		for _, bucket := range x.samples.byName[selector.Name] {
			for _, candidate := range bucket {
				if candidate.last().vanished() || !matchesAll(candidate.labels, selector.LabelMatchers) {
					continue
				}
				borne := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !candidate.labels.Has(name) })
				g := byNames[strings.Join(borne, ",")]
				if g == nil {
					g = &group{names: borne, byKey: map[string][]*series{}}
					byNames[strings.Join(borne, ",")] = g
				}
				key := valuesOf(borne, candidate.labels.Get)
				g.byKey[key] = append(g.byKey[key], candidate)
			}
		}
	}
	var groups []group
	for _, name := range slices.Sorted(maps.Keys(byNames)) {
		groups = append(groups, *byNames[name])
	}
	return groups
}

// valuesOf is the same text for the same values.
func valuesOf(names []string, value func(string) string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(value(name))
		b.WriteByte(0xff) // is in no UTF-8 text
	}
	return b.String()
}
