package main

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// made is what may be known of the labels that an expression gives its results: each
// result satisfies all matchers of one of the alternatives. Nothing is known where one of
// them has no matchers.
type made [][]*labels.Matcher

var anything = made{nil}

// labelsOf follows the labels of selectors to the results, through what leaves them as
// they are.
func labelsOf(expr parser.Expr) made {
	switch e := expr.(type) {
	case *parser.VectorSelector:
		return made{e.LabelMatchers}
	case *parser.ParenExpr:
		return labelsOf(e.Expr)
	case *parser.AggregateExpr:
		return labelsOf(e.Expr).only(func(label string) bool { return slices.Contains(e.Grouping, label) != e.Without })
	case *parser.BinaryExpr:
		switch e.Op {
		case parser.LOR:
			return append(slices.Clone(labelsOf(e.LHS)), labelsOf(e.RHS)...)
		case parser.LAND, parser.LUNLESS:
			return labelsOf(e.LHS)
		}
	case *parser.Call:
		if e.Func.Name == "label_replace" {
			return replaced(e)
		}
	}
	return anything
}

// only keeps what is known of some labels.
func (m made) only(kept func(label string) bool) made {
	all := make(made, len(m))
	for i, alternative := range m {
		for _, one := range alternative {
			if kept(one.Name) {
				all[i] = append(all[i], one)
			}
		}
	}
	return all
}

// replaced knows of a label that it is a copy of another, or nothing.
func replaced(e *parser.Call) made {
	text := func(i int) string {
		literal, _ := e.Args[i].(*parser.StringLiteral)
		if literal == nil {
			return ""
		}
		return literal.Val
	}
	from := labelsOf(e.Args[0])
	to, source := text(1), text(3)
	all := from.only(func(label string) bool { return label != to })
	if text(2) != "$1" || text(4) != "(.+)" {
		return all
	}
	for i, alternative := range from {
		for _, one := range alternative {
			// With nothing to copy, the label stays as it was.
			if one.Name == source && !one.Matches("") {
				all[i] = append(all[i], labels.MustNewMatcher(one.Type, to, one.Value))
			}
		}
	}
	return all
}

// may tells whether a result may satisfy the matchers.
func (m made) may(wanted []*labels.Matcher) bool {
	return slices.ContainsFunc(m, func(alternative []*labels.Matcher) bool {
		for _, want := range wanted {
			for _, has := range alternative {
				if has.Name == want.Name && (exclude(has, want) || exclude(want, has)) {
					return false
				}
			}
		}
		return true
	})
}

// exclude tells whether the first matches some values alone, and the second none of them.
func exclude(some, other *labels.Matcher) bool {
	var values []string
	switch some.Type {
	case labels.MatchEqual:
		values = []string{some.Value}
	case labels.MatchRegexp:
		values = some.SetMatches()
	}
	return len(values) > 0 && !slices.ContainsFunc(values, other.Matches)
}
