package verdict

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Evidence is one sample.
type Evidence struct {
	// Series is the metric with its labels, but for those of the target.
	Series string  `json:"series"`
	Value  float64 `json:"value"`
	// Metric is the name alone, which tells the unit of the value.
	Metric string `json:"-"`
}

// mostEvidence bounds the samples that are shown with a finding.
const mostEvidence = 5

func first(list []Evidence, most int) []Evidence { return list[:min(len(list), most)] }

// Behind returns the latest samples of all series that an alert goes by, whether
// it holds or not, as far as they do not contradict the labels. Labels of the
// target, such as cluster, are not compared: samples are of one target only.
func (r *Rules) Behind(alert string, s *Samples, own map[string]string) []Evidence {
	var found []Evidence
	for _, one := range r.list {
		if one.Alert == alert {
			found = append(found, s.behind(one, own)...)
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

// behind returns the samples behind a rule that do not contradict the labels of
// what it found, sorted.
func (s *Samples) behind(one rule, own map[string]string) []Evidence {
	seen := map[string]bool{}
	var found []Evidence
	for _, selector := range one.telling {
		for _, bucket := range s.byName[selector.Name] {
			for _, candidate := range bucket {
				last := candidate.last()
				if last.vanished() || !matchesAll(candidate.labels, selector.LabelMatchers) || s.contradicts(candidate.labels, own) {
					continue
				}
				text := s.text(candidate.labels)
				if !seen[text] {
					seen[text] = true
					found = append(found, Evidence{text, last.v, selector.Name})
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b Evidence) int { return strings.Compare(a.Series, b.Series) })
	return found
}

func (s *Samples) contradicts(l labels.Labels, own map[string]string) bool {
	for name, value := range own {
		if has := l.Get(name); has != "" && has != value && !s.target.Has(name) {
			return true
		}
	}
	return false
}
