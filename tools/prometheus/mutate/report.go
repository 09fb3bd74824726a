package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// count is how many mutants came to what.
type count struct{ mutants, killed, survived, equivalent, undecided int }

func (c *count) add(m *mutant) {
	c.mutants++
	switch {
	case m.state == killed:
		c.killed++
	case m.state == equivalent:
		c.equivalent++
	case m.left:
		c.undecided++
	default:
		c.survived++
	}
}

// score is the share of mutants killed, in percent, of those that were decided and are
// not equivalent.
func (c *count) score() float64 {
	if c.killed+c.survived == 0 {
		return 100
	}
	return 100 * float64(c.killed) / float64(c.killed+c.survived)
}

// between are the least and the most that the score may be once all are decided.
func (c *count) between() (least, most float64) {
	low := count{killed: c.killed, survived: c.survived + c.undecided}
	high := count{killed: c.killed + c.undecided, survived: c.survived}
	return low.score(), high.score()
}

func (c *count) row(name string) string {
	score := fmt.Sprintf("%.1f %%", c.score())
	if c.undecided > 0 {
		least, most := c.between()
		score = fmt.Sprintf("%.1f to %.1f %%", least, most)
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %s |", name, c.mutants, c.killed, c.survived, c.equivalent, score)
}

// report is what a campaign came to.
type report struct {
	mutants []*mutant
	// made is how many mutants there are, tried or not.
	made int
	// how says which were tried.
	how string
	// command tries one mutant alone, with its id after it.
	command string
	total   count
	// without, if set, is the total before tests that were found by chance were played.
	without *count
	// compared are the tests of others.
	compared []compared
}

func countOf(mutants []*mutant) count {
	var c count
	for _, m := range mutants {
		c.add(m)
	}
	return c
}

func newReport(tried []*mutant, made int, how, command string) *report {
	return &report{mutants: tried, made: made, how: how, command: command, total: countOf(tried)}
}

// table writes the counts by what a function tells of a mutant.
func (r *report) table(w io.Writer, head string, of func(*mutant) string) {
	counts := map[string]*count{}
	for _, m := range r.mutants {
		name := of(m)
		if counts[name] == nil {
			counts[name] = &count{}
		}
		counts[name].add(m)
	}
	_, _ = fmt.Fprintf(w, "\n| %s | mutants | killed | survived | equivalent | score |\n| --- | --- | --- | --- | --- | --- |\n", head)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		_, _ = fmt.Fprintln(w, counts[name].row(name))
	}
	_, _ = fmt.Fprintln(w, r.total.row("**all**"))
	if r.without != nil {
		_, _ = fmt.Fprintln(w, r.without.row("all, without what was found by chance"))
	}
}

// survivors are those that are alive and were tried, by their rule.
func (r *report) survivors() []*mutant {
	var all []*mutant
	for _, m := range r.mutants {
		if m.state == alive && !m.left {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b *mutant) int {
		return cmp.Or(cmp.Compare(a.original.signal(), b.original.signal()), cmp.Compare(a.original.title(), b.original.title()))
	})
	return all
}

// text writes the report for a terminal.
func (r *report) text(w io.Writer) {
	r.table(w, "signal", func(m *mutant) string { return m.original.signal() })
	r.table(w, "operator", func(m *mutant) string { return m.operator })
	_, _ = fmt.Fprintln(w)
	for _, m := range r.survivors() {
		_, _ = fmt.Fprintf(w, "survived: %s, %s: %s%s\n    %s%s\n", m.original.title(), m.operator, m.change(), reason(m), r.command, m.id)
	}
	r.untried(w)
}

func reason(m *mutant) string {
	if m.why == "" {
		return ""
	}
	return " (" + m.why + ")"
}

// untried says what is not known.
func (r *report) untried(w io.Writer) {
	if r.total.mutants < r.made {
		_, _ = fmt.Fprintf(w, "\nOf %d mutants %d were tried%s.\n", r.made, r.total.mutants, r.how)
	}
	if r.total.undecided > 0 {
		_, _ = fmt.Fprintf(w, "\nThe time was over before all tests were tried on %d mutants: a score lies between what it is if no test notices them, and if some do.\n", r.total.undecided)
	}
}

// markdown writes the report as a document.
func (r *report) markdown(w io.Writer) {
	_, _ = fmt.Fprint(w, preface)
	r.untried(w)
	r.table(w, "signal", func(m *mutant) string { return m.original.signal() })
	if len(r.compared) > 0 {
		_, _ = fmt.Fprint(w, "\n## Tests of others\n\n| under the same mutator | mutants | killed | survived | equivalent | score |\n| --- | --- | --- | --- | --- | --- |\n")
	}
	for _, c := range r.compared {
		_, _ = fmt.Fprintln(w, c.row())
	}
	_, _ = fmt.Fprint(w, "\n## By what is changed\n")
	r.table(w, "operator", func(m *mutant) string { return m.operator })
	_, _ = fmt.Fprint(w, "\n## Survivors\n\nEach is tried alone with `make mutate MUTANT=` and its number.\n\n| rule | what is changed | number | why |\n| --- | --- | --- | --- |\n")
	for _, m := range r.survivors() {
		_, _ = fmt.Fprintf(w, "| %s | %s: %s | %s | %s |\n", code(m.original.title()), m.operator, code(m.change()), code(m.id), cmp.Or(m.why, "no test tells it, and `make seek` found none that does"))
	}
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "|", `\|`) + "`" }

const preface = `# Mutation tests of the rules

<!-- Written by make mutate. Do not edit. -->

` + "`make mutate`" + ` changes one thing in one rule of ` + "`mixin/generated/alerts.yaml`" + `, and asks the tests of ` + "`mixin/tests`" + `, and those that
follow from them, whether they notice: such a mutant is killed when a test fails. What no test notices could be broken tomorrow without a word. Numbers are doubled and halved, and changed by
one up to 20; operators, aggregations and functions are swapped; conditions, matchers and labels left out; matchers turned round; a metric is
replaced by another that the group reads; ranges and ` + "`for`" + ` are doubled, halved or dropped; the severity is another.

Each mutant is judged by Prometheus' own engine and rules, as ` + "`promtool test rules`" + ` does. Only those rules are evaluated that a test
looks at, and those one after the other where Prometheus goes step by step; ` + "`make verify-mixin`" + ` holds that both come to the same. A mutant that makes a rule fail which the test does not look at survives here, and promtool would notice. What Alertmanager is given of
the graph of causes is mutated by ` + "`TestEachInhibitionIsHeld`" + ` of ` + "`mixin`" + `: each pair, label and matcher that is dropped is noticed.

Tests that people wrote, and those that follow from them, are tried first. What they leave alive is given to ` + "`mixin/tests/found`" + `: cases that ` + "`make seek`" + ` found
by chance, of which the rules themselves said what to expect. They notice when a rule becomes another; that it is right nobody said. The last row is the score without them.

The score is the share of those killed, less the equivalent ones, which say the same as the rule: by proof, or for the reason in
` + "`mixin/mutants.yaml`" + `.
`
