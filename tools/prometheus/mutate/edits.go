package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// edit is one change of a parsed expression.
type edit struct {
	// operator is the kind of change, and what is changed into what, as people read it.
	operator, before, after string
	apply                   func()
	// proof says why nothing can tell the change, if that is known.
	proof string
	// metrics are those in what is changed, and label is the one that it is about, if any.
	metrics []string
	label   string
}

// editor collects the edits of an expression, which all refer to the same parsed one: only
// one of them may be applied to it.
type editor struct {
	// metrics are those that may stand for one another: the ones that the group reads.
	metrics []string
	// owner is the rule of the expression, and writers are the rules that a selector reads.
	owner   *rule
	writers func([]*labels.Matcher) []*rule
	// outermost is the aggregation that the whole expression is, if it is one.
	outermost *parser.AggregateExpr
	// below are numbers of which one less says the same.
	below map[*parser.NumberLiteral]bool
	// path is what the expression that is visited stands in, from the outside.
	path  []parser.Expr
	edits []edit
}

// all are the edits of an expression, in the order of its parts.
func (e *editor) all(root *parser.Expr) []edit {
	e.below, e.edits = map[*parser.NumberLiteral]bool{}, nil
	e.outermost, _ = inner(*root).(*parser.AggregateExpr)
	e.walk(root)
	return e.edits
}

func (e *editor) add(operator, before, after string, apply func()) *edit {
	made := edit{operator: operator, before: before, after: after, apply: apply}
	if len(e.path) > 0 {
		for _, selector := range parser.ExtractSelectors(e.path[len(e.path)-1]) {
			made.metrics = add(made.metrics, nameOf(selector))
		}
	}
	e.edits = append(e.edits, made)
	return &e.edits[len(e.edits)-1]
}

// walk visits the expression in a place, and then those in it.
func (e *editor) walk(slot *parser.Expr) {
	e.path = append(e.path, *slot)
	defer func() { e.path = e.path[:len(e.path)-1] }()
	switch n := (*slot).(type) {
	case *parser.NumberLiteral:
		e.number(n)
	case *parser.ParenExpr:
		e.walk(&n.Expr)
	case *parser.UnaryExpr:
		e.walk(&n.Expr)
	case *parser.BinaryExpr:
		e.binary(slot, n)
		e.walk(&n.LHS)
		e.walk(&n.RHS)
	case *parser.AggregateExpr:
		e.aggregation(n)
		if n.Param != nil {
			e.walk(&n.Param)
		}
		e.walk(&n.Expr)
	case *parser.Call:
		e.call(n)
		for i := range n.Args {
			e.walk(&n.Args[i])
		}
	case *parser.SubqueryExpr:
		e.span(n, &n.Range)
		e.walk(&n.Expr)
	case *parser.MatrixSelector:
		e.span(n, &n.Range)
		e.walk(&n.VectorSelector)
	case *parser.VectorSelector:
		e.selector(n)
	}
}

// span doubles and halves a range.
func (e *editor) span(expr parser.Expr, of *time.Duration) {
	text := "[" + model.Duration(*of).String() + "]"
	doubled := e.add("range", text, "doubled", func() { *of *= 2 })
	if momentary(expr, 2) {
		doubled.proof = oneSample
	}
	halved := e.add("range", text, "halved", func() { *of /= 2 })
	if momentary(expr, 1) {
		halved.proof = oneSample
	}
}

// counted is up to where a number is one of things, of which one more or less matters.
const counted = 20

// number doubles and halves a number, and takes one more and one less where it counts.
func (e *editor) number(n *parser.NumberLiteral) {
	var others []float64
	if n.Val != 0 {
		others = append(others, n.Val*2, n.Val/2)
	}
	if n.Val == float64(int(n.Val)) && n.Val <= counted {
		others = append(others, n.Val+1, n.Val-1)
	}
	for i, other := range others {
		if !slices.Contains(others[:i], other) {
			made := e.add("number", format(n.Val), format(other), func() { n.Val, n.Duration = other, false })
			made.proof = cmp.Or(e.unseen(), e.neverBelow(n, other))
			if e.below[n] && other < n.Val && other >= n.Val-1 {
				made.proof = neverZero
			}
		}
	}
}

func format(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// binary swaps the operator, leaves out one side of those on sets, and drops the labels
// by which both sides are matched.
func (e *editor) binary(slot *parser.Expr, n *parser.BinaryExpr) {
	for _, other := range operators[n.Op] {
		made := e.add("operator", n.Op.String(), other.String(), func() { n.Op = other })
		if made.proof = e.comparison(n, other); arithmetic(n.Op) {
			made.proof = e.unseen()
		}
	}
	switch n.Op {
	case parser.LAND, parser.LUNLESS:
		e.add("operand", n.Op.String()+" ...", "left out", func() { *slot = &parser.ParenExpr{Expr: n.LHS} })
	case parser.LOR:
		e.add("operand", "or ...", "left out", func() { *slot = &parser.ParenExpr{Expr: n.LHS} })
		e.add("operand", "... or", "left out", func() { *slot = &parser.ParenExpr{Expr: n.RHS} })
	}
	m := n.VectorMatching
	if m == nil {
		return
	}
	how := "ignoring "
	if m.On {
		how = "on "
	}
	from := len(e.edits)
	e.drop("matching", how, &m.MatchingLabels)
	for i, label := range m.MatchingLabels {
		e.edits[from+i].proof = oneValue(n, label)
	}
	e.drop("matching", "group ", &m.Include)
}

// drop takes each of the labels away, one at a time.
func (e *editor) drop(operator, how string, from *[]string) {
	for i, label := range *from {
		e.add(operator, how+label, "dropped", func() { *from = slices.Delete(slices.Clone(*from), i, i+1) }).label = label
	}
}

func (e *editor) aggregation(n *parser.AggregateExpr) {
	if other, ok := aggregations[n.Op]; ok {
		made := e.add("aggregation", n.Op.String(), other.String(), func() { n.Op = other })
		_, same := single(n.Expr)
		switch {
		case e.alone(n), e.ofOne(n):
			made.proof = "each group is of one series"
		case same && other != parser.SUM && n.Op != parser.SUM && n.Op != parser.COUNT && n.Op != parser.TOPK && n.Op != parser.BOTTOMK:
			made.proof = sameValue
		case countsAll(n.Op) && countsAll(other):
			made.proof = e.unseen()
		}
		if made.proof == "" && n.Op == parser.SUM && nonNegative(n.Expr) {
			made.proof = e.signOnly(true)
		}
	}
	how := "by "
	if n.Without {
		how = "without "
	}
	from := len(e.edits)
	e.drop("grouping", how, &n.Grouping)
	for i, label := range n.Grouping {
		if e.edits[from+i].proof = e.ungrouped(n, label); e.edits[from+i].proof == "" && !n.Without {
			e.edits[from+i].proof = cmp.Or(e.unmatchedBy(label), e.regrouped(n, label))
		}
	}
}

func (e *editor) call(n *parser.Call) {
	if other, ok := functions[n.Func.Name]; ok {
		made := e.add("function", n.Func.Name, other, func() { n.Func = parser.Functions[other] })
		if passes(n.Func.Name) && passes(other) {
			made.proof = e.unseen()
		}
		if strings.HasSuffix(n.Func.Name, "_over_time") && other != "count_over_time" && momentary(n.Args[0], 1) {
			made.proof = oneSample
		}
		if rates := map[string]bool{"rate": true, "increase": true}; made.proof == "" && rates[n.Func.Name] && rates[other] {
			made.proof = e.signOnly(true)
		}
	}
}

// selector removes and turns round each matcher, and takes the next metric of the group.
func (e *editor) selector(n *parser.VectorSelector) {
	for i, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		other := labels.MustNewMatcher(opposite[m.Type], m.Name, m.Value)
		removed := e.add("matcher", n.Name+"{"+m.String()+"}", "removed", func() { n.LabelMatchers = slices.Delete(slices.Clone(n.LabelMatchers), i, i+1) })
		removed.proof, removed.label = e.unmatched(m), m.Name
		e.add("matcher", n.Name+"{"+m.String()+"}", other.String(), func() {
			n.LabelMatchers = slices.Clone(n.LabelMatchers)
			n.LabelMatchers[i] = other
		}).label = m.Name
	}
	at := slices.Index(e.metrics, n.Name)
	if at < 0 || len(e.metrics) < 2 {
		return
	}
	next := e.metrics[(at+1)%len(e.metrics)]
	e.add("metric", n.Name, next, func() {
		n.Name, n.LabelMatchers = next, slices.Clone(n.LabelMatchers)
		for i, m := range n.LabelMatchers {
			if m.Name == model.MetricNameLabel {
				n.LabelMatchers[i] = labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, next)
			}
		}
	})
}
