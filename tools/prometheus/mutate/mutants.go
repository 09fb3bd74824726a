package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// mutant is a rule with one change.
type mutant struct {
	// id is the same as long as the change can be told in the same words.
	id       string
	at       int
	rule     *rule
	original *rule
	edit
	// nth counts changes of a rule that read the same.
	nth int

	state state
	// why is the failure that killed it, or the reason why it is equivalent.
	why string
	// left is whether tests that might kill it were not tried.
	left bool
}

type state int

const (
	alive state = iota
	killed
	equivalent
)

// change says what is changed, in one line.
func (m *mutant) change() string {
	text := m.before + " -> " + m.after
	if m.nth > 1 {
		text += fmt.Sprintf(" (%d)", m.nth)
	}
	return text
}

// mutantsOf makes all mutants of all rules, in the order of the rules.
func mutantsOf(p parser.Parser, g *graph) ([]*mutant, error) {
	metrics := metricsOf(g.rules)
	var made []*mutant
	titles := map[string]int{}
	for i, r := range g.rules {
		full := r.title() + " " + r.signal()
		titles[full]++
		e := &editor{metrics: metrics[family(r.group)], owner: r, writers: func(selector []*labels.Matcher) []*rule {
			return slices.DeleteFunc(slices.Clone(g.rules), func(w *rule) bool { return w.alert || !w.feeds(selector) })
		}}
		own, err := exprMutants(p, r, e)
		if err != nil {
			return nil, err
		}
		own = append(own, ruleMutants(r, e)...)
		seen := map[string]int{}
		for _, m := range own {
			m.at, m.original = i, r
			key := m.operator + " " + m.before + " " + m.after
			seen[key]++
			m.nth = seen[key]
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s %s", full, titles[full], m.operator, m.change()))
			m.id = fmt.Sprintf("%x", sum[:4])
			if m.proof != "" {
				m.state, m.why = equivalent, m.proof
			}
		}
		made = append(made, own...)
	}
	return made, nil
}

// family is the group of a rule without what tells a group of recording rules from the
// one of the alerts.
func family(group string) string { return strings.TrimSuffix(group, ".rules") }

// metricsOf are the names that the rules of each family of groups read.
func metricsOf(all ruleset) map[string][]string {
	read := map[string]map[string]bool{}
	for _, r := range all {
		f := family(r.group)
		if read[f] == nil {
			read[f] = map[string]bool{}
		}
		parser.Inspect(r.parsed, func(n parser.Node, _ []parser.Node) error {
			if v, ok := n.(*parser.VectorSelector); ok && v.Name != "" {
				read[f][v.Name] = true
			}
			return nil
		})
	}
	names := map[string][]string{}
	for f, some := range read {
		names[f] = slices.Sorted(maps.Keys(some))
	}
	return names
}

// exprMutants are those of the expression. What does not parse is no mutant, nor what
// reads the same.
func exprMutants(p parser.Parser, r *rule, e *editor) ([]*mutant, error) {
	var made []*mutant
	original := r.parsed.String()
	for n := 0; ; n++ {
		expr := copyOf(r.parsed)
		if expr == nil {
			var err error
			if expr, err = p.ParseExpr(r.expr); err != nil {
				return nil, err
			}
		}
		edits := e.all(&expr)
		if n >= len(edits) {
			return made, nil
		}
		edits[n].apply()
		changed := *r
		changed.expr = expr.String()
		if changed.expr == original || changed.parse(p) != nil {
			continue
		}
		made = append(made, &mutant{rule: &changed, edit: edits[n]})
	}
}

// ruleMutants are those of what stands beside the expression.
func ruleMutants(r *rule, e *editor) []*mutant {
	var made []*mutant
	add := func(operator, before, after string, change func(*rule)) {
		changed := *r
		changed.labels = maps.Clone(r.labels)
		change(&changed)
		made = append(made, &mutant{rule: &changed, edit: edit{operator: operator, before: before, after: after}})
	}
	if r.hold > 0 {
		add("for", "for "+r.hold.String(), "dropped", func(c *rule) { c.hold = 0 })
		add("for", "for "+r.hold.String(), "doubled", func(c *rule) { c.hold *= 2 })
	}
	if r.keep > 0 {
		add("keep_firing_for", "keep_firing_for "+r.keep.String(), "dropped", func(c *rule) { c.keep = 0 })
	}
	for _, name := range slices.Sorted(maps.Keys(r.labels)) {
		if name != "severity" {
			add("label", name, "dropped", func(c *rule) { delete(c.labels, name) })
			if !r.alert && e.has(r.parsed, name, r.labels[name]) {
				made[len(made)-1].proof = "what it is made of has the label already"
			}
			continue
		}
		other := map[string]string{"critical": "warning", "warning": "critical"}[r.labels[name]]
		if other == "" {
			other = "warning"
		}
		add("label", "severity "+r.labels[name], other, func(c *rule) { c.labels[name] = other })
	}
	return made
}

// every takes the first of each so many.
func every(all []*mutant, so int) []*mutant {
	var taken []*mutant
	for i := 0; i < len(all); i += so {
		taken = append(taken, all[i])
	}
	return taken
}

// some takes so many by chance, the same for the same seed, in their order.
func some(all []*mutant, number int, seed uint64) []*mutant {
	if number <= 0 || number >= len(all) {
		return all
	}
	chosen := rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:number]
	slices.Sort(chosen)
	var taken []*mutant
	for _, i := range chosen {
		taken = append(taken, all[i])
	}
	return taken
}
