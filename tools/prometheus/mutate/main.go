// Command mutate changes rules of Prometheus, one thing in one rule at a time, and asks
// their unit tests whether they notice.
//
//	mutate -rules FILES -tests FILES             prints how many mutants are killed, and each that is not
//	mutate -rules FILES -tests FILES -seek DIR   looks for tests that kill those
//	mutate -rules FILES -found FILES -approve    writes into such tests what they expect of other rules
//
// It exits with 0 when the score is as asked, with 1 when it is less, or the list of
// mutants names one that is killed or gone, and with 2 when it could not tell: tests fail
// without any change, a file can't be read, or the time was over before half of the
// mutants were decided.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	// Half of the time is for garbage otherwise, and there is never much of it.
	debug.SetGCPercent(400)
	o, err := parseFlags(os.Args[1:])
	if err == nil {
		err = run(context.Background(), o, os.Stdout, os.Stderr)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "mutate:", err)
		if _, low := errors.AsType[lowError](err); low {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

// lowError says why the tests are not good enough.
type lowError string

func (e lowError) Error() string { return string(e) }

func run(ctx context.Context, o *options, out, progress io.Writer) error {
	p := parser.NewParser(parser.Options{})
	all, err := loadRules(p, o.rules)
	if err != nil {
		return err
	}
	cases, err := loadTests(p, o.tests)
	if err != nil {
		return err
	}
	var sought []*testCase
	if o.found != nil {
		if sought, err = loadTests(p, o.found); err != nil {
			return err
		}
	}
	c := newCampaign(newGraph(all), o.workers)
	c.steps = o.steps
	if o.check {
		return c.checked(ctx, append(cases, sought...), o.fail, out)
	}
	if o.approve {
		return newSeeker(c, p).approve(ctx, sought)
	}
	list, err := loadListed(o.list)
	if err != nil {
		return err
	}
	made, err := mutantsOf(p, c.graph)
	if err != nil {
		return err
	}
	tried, err := o.chosen(made, cases)
	if err != nil {
		return err
	}
	began := time.Now()
	c.progress = func(done, cases, alive int) {
		if done%50 == 0 || done == cases {
			_, _ = fmt.Fprintf(progress, "%s: %d of %d tests, %d of %d mutants live\n", time.Since(began).Round(time.Second), done, cases, alive, len(tried))
		}
	}
	if c.results, err = openResults(o.keep); err != nil {
		return err
	}
	if o.seek != "" {
		return o.look(ctx, newSeeker(c, p), append(cases, sought...), tried, list, progress)
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if err := c.run(ctx, cases, tried); err != nil {
		return errors.Join(err, c.results.close())
	}
	without := countOf(tried)
	if err := errors.Join(c.run(ctx, sought, tried), c.results.close()); err != nil {
		return err
	}
	if c.stepwise > 0 {
		_, _ = fmt.Fprintf(progress, "%d tests could not be played rule by rule\n", c.stepwise)
	}
	wrong := list.excuse(made)
	r := newReport(tried, len(made), o.how(), o.command)
	if sought != nil {
		r.without = &without
	}
	r.compared = list.Compared
	return o.conclude(r, wrong, out)
}

// conclude writes the report, and says whether it is as asked.
func (o *options) conclude(r *report, wrong []string, out io.Writer) error {
	for _, m := range r.mutants {
		if o.id != "" {
			_, _ = fmt.Fprintf(out, "%s\nfor %s, labels %v\n", m.rule.parsed.Pretty(0), m.rule.hold, m.rule.labels)
		}
		if (o.verbose || o.id != "") && m.state != alive {
			_, _ = fmt.Fprintf(out, "%s, %s: %s: %s\n", m.original.title(), m.operator, m.change(), m.why)
		}
		if o.verbose && m.state == alive && m.left {
			_, _ = fmt.Fprintf(out, "not decided: %s, %s: %s\n    %s%s\n", m.original.title(), m.operator, m.change(), o.command, m.id)
		}
	}
	r.text(out)
	if o.markdown != "" {
		var text strings.Builder
		r.markdown(&text)
		if err := os.WriteFile(o.markdown, []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	for _, line := range wrong {
		_, _ = fmt.Fprintln(out, line)
	}
	switch {
	case r.total.undecided*2 > r.total.mutants:
		return errors.New("the time was over before half of the mutants were decided")
	case len(wrong) > 0:
		return lowError(fmt.Sprintf("the list of mutants is wrong in %d places", len(wrong)))
	}
	if least, _ := r.total.between(); least < o.least {
		return lowError(fmt.Sprintf("the score is %.1f %%, or what was not decided may make it so, and %.1f %% are asked for", least, o.least))
	}
	return nil
}
