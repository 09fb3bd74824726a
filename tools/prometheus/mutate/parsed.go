package main

import (
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// parsed is a parser that has parsed some expressions before: it takes most of the time to
// do so for each query. It is not to be added to while engines use it.
type parsed struct {
	parser.Parser
	known map[string]parser.Expr
}

func newParsed() *parsed {
	return &parsed{parser.NewParser(parser.Options{}), map[string]parser.Expr{}}
}

// ParseExpr implements parser.Parser. Engines write into what they evaluate, so that each
// gets a copy.
func (p *parsed) ParseExpr(text string) (parser.Expr, error) {
	if known, ok := p.known[text]; ok {
		if copied := copyOf(known); copied != nil {
			return copied, nil
		}
	}
	return p.Parser.ParseExpr(text)
}

// add makes the rule's expression known.
func (p *parsed) add(r *rule) { p.known[r.text] = r.parsed }

// copyOf copies an expression. It returns nil for what it does not know: durations that are
// expressions.
func copyOf(expr parser.Expr) parser.Expr {
	switch n := expr.(type) {
	case *parser.NumberLiteral:
		c := *n
		return &c
	case *parser.StringLiteral:
		c := *n
		return &c
	case *parser.VectorSelector:
		c := *n
		c.LabelMatchers = slices.Clone(n.LabelMatchers)
		return only(n.OriginalOffsetExpr == nil, &c)
	case *parser.MatrixSelector:
		c := *n
		return only(n.RangeExpr == nil && copied(&c.VectorSelector), &c)
	case *parser.SubqueryExpr:
		c := *n
		return only(n.RangeExpr == nil && n.StepExpr == nil && n.OriginalOffsetExpr == nil && copied(&c.Expr), &c)
	case *parser.ParenExpr:
		c := *n
		return only(copied(&c.Expr), &c)
	case *parser.UnaryExpr:
		c := *n
		return only(copied(&c.Expr), &c)
	case *parser.BinaryExpr:
		return copyOfBinary(n)
	case *parser.AggregateExpr:
		c := *n
		c.Grouping = slices.Clone(n.Grouping)
		return only((n.Param == nil || copied(&c.Param)) && copied(&c.Expr), &c)
	case *parser.Call:
		c := *n
		c.Args = slices.Clone(n.Args)
		for i := range c.Args {
			if !copied(&c.Args[i]) {
				return nil
			}
		}
		return &c
	}
	return nil
}

func copyOfBinary(n *parser.BinaryExpr) parser.Expr {
	c := *n
	if m := n.VectorMatching; m != nil {
		matching := *m
		matching.MatchingLabels, matching.Include = slices.Clone(m.MatchingLabels), slices.Clone(m.Include)
		c.VectorMatching = &matching
	}
	return only(copied(&c.LHS) && copied(&c.RHS), &c)
}

// copied puts a copy in a place, if there is one.
func copied(slot *parser.Expr) bool {
	c := copyOf(*slot)
	if c != nil {
		*slot = c
	}
	return c != nil
}

func only(ok bool, expr parser.Expr) parser.Expr {
	if !ok {
		return nil
	}
	return expr
}

// written is an expression that knows its text, which rules ask for at each evaluation.
type written struct {
	parser.Expr
	text string
}

func (w written) String() string { return w.text }
