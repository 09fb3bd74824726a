package ruleeval

import "github.com/prometheus/prometheus/promql/parser"

// prune returns the expression without the parts that select nothing of the samples, which
// changes no result, and nil where nothing can come of the whole. What is wrong is told by
// series that are there only then: the engine would match every node of the cluster with
// nothing, for most rules more than once. The expression is changed.
func (s *Samples) prune(expr parser.Expr) parser.Expr {
	switch e := expr.(type) {
	case *parser.VectorSelector:
		if !s.ever(e) {
			return nil
		}
	case *parser.MatrixSelector:
		if s.prune(e.VectorSelector) == nil {
			return nil
		}
	case *parser.SubqueryExpr:
		return s.pruneInto(&e.Expr, e)
	case *parser.ParenExpr:
		return s.pruneInto(&e.Expr, e)
	case *parser.UnaryExpr:
		return s.pruneInto(&e.Expr, e)
	case *parser.StepInvariantExpr:
		return s.pruneInto(&e.Expr, e)
	case *parser.AggregateExpr:
		return s.pruneInto(&e.Expr, e)
	case *parser.BinaryExpr:
		return s.pruneBinary(e)
	case *parser.Call:
		return s.pruneCall(e)
	}
	return expr
}

// pruneInto prunes what the whole is made of; of nothing comes nothing.
func (s *Samples) pruneInto(part *parser.Expr, whole parser.Expr) parser.Expr {
	pruned := s.prune(*part)
	if pruned == nil {
		return nil
	}
	*part = pruned
	return whole
}

func (s *Samples) pruneBinary(e *parser.BinaryExpr) parser.Expr {
	left := s.prune(e.LHS)
	if left == nil && e.Op != parser.LOR {
		return nil
	}
	right := s.prune(e.RHS)
	switch {
	case left == nil:
		return right // of an or
	case right == nil && (e.Op == parser.LOR || e.Op == parser.LUNLESS):
		return left
	case right == nil:
		return nil
	}
	e.LHS, e.RHS = left, right
	return e
}

// pruneCall leaves functions alone that say something of nothing.
func (s *Samples) pruneCall(e *parser.Call) parser.Expr {
	switch e.Func.Name {
	case "absent", "absent_over_time", "scalar", "vector":
		return e
	}
	for i := range e.Args {
		if s.pruneInto(&e.Args[i], e) == nil {
			return nil
		}
	}
	return e
}

// ever tells whether any scrape has a sample that the selector selects.
func (s *Samples) ever(selector *parser.VectorSelector) bool {
	for _, bucket := range s.byName[selector.Name] {
		for _, one := range bucket {
			if matchesAll(one.labels, selector.LabelMatchers) {
				return true
			}
		}
	}
	return false
}
