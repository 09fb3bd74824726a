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
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

type options struct {
	rules, tests            []string
	list, markdown, command string
	keep                    string
	alert, file, id         string
	sample, every, offset   int
	workers                 int
	seed                    uint64
	timeout                 time.Duration
	least                   float64
	verbose                 bool
	check, fail, steps      bool
	found                   []string
	seek                    string
	looks                   int
	approve                 bool
}

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

func parseFlags(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("mutate", flag.ContinueOnError)
	rules := f.String("rules", "mixin/generated/alerts.yaml", "files with rules, separated by commas; they stand in place of those that the tests name")
	tests := f.String("tests", "mixin/tests/*.yaml", "files with tests of promtool, as patterns separated by commas")
	f.StringVar(&o.list, "list", "", "file with mutants that are expected to survive, and why")
	f.StringVar(&o.markdown, "markdown", "", "file to write the report to, as a document")
	f.StringVar(&o.command, "command", "mutate -mutant ", "command that tries one mutant alone, to print beside each survivor")
	f.StringVar(&o.alert, "alert", "", "only mutants of rules of which the name, with the labels, matches this regular expression")
	f.StringVar(&o.file, "file", "", "only mutants of the alerts that this file tests, and of the other rules in their groups")
	f.StringVar(&o.id, "mutant", "", "only the mutant of this number; prints it, and the test that kills it")
	f.IntVar(&o.sample, "sample", 0, "only so many mutants, chosen by chance; 0: all")
	f.Uint64Var(&o.seed, "seed", 1, "which are chosen")
	f.IntVar(&o.every, "every", 1, "only each mutant of so many, in the order of the rules")
	f.IntVar(&o.offset, "offset", 0, "with -every, how many of the first are passed over: other mutants than those that were looked at")
	f.StringVar(&o.keep, "keep", "", "file to keep results in: what is there of the same rules, mutant and test is not played again")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "how many mutants are tried at once")
	f.DurationVar(&o.timeout, "timeout", time.Hour, "after which time no more are tried")
	f.Float64Var(&o.least, "least", 0, "score in percent that is asked for")
	f.BoolVar(&o.check, "check", false, "change nothing: print which tests fail")
	f.BoolVar(&o.fail, "fail", false, "with -check: print which tests do not fail")
	f.BoolVar(&o.steps, "steps", false, "play step by step as Prometheus does, and not one rule after the other, which comes to the same in a fraction of the time")
	found := f.String("found", "", "files with tests that -seek wrote, as -tests; they are played when all others were, and the report says how much they add")
	f.StringVar(&o.seek, "seek", "", "folder: for as long as -timeout says, look for cases that tell mutants which no test kills, and add them to its files of tests")
	f.IntVar(&o.looks, "looks", 60, "with -seek: how many cases are made for a mutant that none kills")
	f.BoolVar(&o.approve, "approve", false, "write what the rules come to into the files of -found, as what they expect")
	f.BoolVar(&o.verbose, "v", false, "print what kills each mutant, and which are not decided")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q: give flags only", f.Args())
	}
	o.rules, o.tests = strings.Split(*rules, ","), strings.Split(*tests, ",")
	if *found != "" {
		o.found = strings.Split(*found, ",")
	}
	return o, nil
}

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
	return o.conclude(r, wrong, out)
}

// chosen are the mutants that are to be tried.
func (o *options) chosen(made []*mutant, cases []*testCase) ([]*mutant, error) {
	name, err := regexp.Compile(o.alert)
	if err != nil {
		return nil, err
	}
	groups := o.groups(made, cases)
	var chosen []*mutant
	for _, m := range made {
		if name.MatchString(m.original.title()) && (o.file == "" || groups[family(m.original.group)]) && (o.id == "" || o.id == m.id) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("there is no such mutant")
	}
	if o.every > 1 {
		if o.offset < 0 || o.offset >= o.every || o.offset >= len(chosen) {
			return nil, fmt.Errorf("-offset %d: give one from 0 up to %d", o.offset, min(o.every, len(chosen))-1)
		}
		chosen = every(chosen[o.offset:], o.every)
	}
	return some(chosen, o.sample, o.seed), nil
}

// how says which of the mutants are tried, where not all are.
func (o *options) how() string {
	switch {
	case o.sample > 0:
		return fmt.Sprintf(", chosen by chance with seed %d", o.seed)
	case o.every > 1:
		return fmt.Sprintf(", each one of %d in the order of the rules from number %d on", o.every, o.offset+1)
	}
	return ""
}

// groups are those of the alerts that the chosen file tests.
func (o *options) groups(made []*mutant, cases []*testCase) map[string]bool {
	alerts, groups := map[string]bool{}, map[string]bool{}
	for _, t := range cases {
		for _, a := range t.Alerts {
			if o.file != "" && strings.HasSuffix(t.file.path, o.file) {
				alerts[a.Alert] = true
			}
		}
	}
	for _, m := range made {
		if m.original.alert && alerts[m.original.name] {
			groups[family(m.original.group)] = true
		}
	}
	return groups
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
