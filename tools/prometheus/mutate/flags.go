package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"time"
)

type options struct {
	rules, tests, found     []string
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
	// seek is the folder for what is sought, looks how often, and approve whether what is
	// there is to be written anew.
	seek           string
	looks          int
	doubt, approve bool
}

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
	f.Uint64Var(&o.seed, "seed", 1, "which are chosen, and what -seek tries")
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
	f.BoolVar(&o.doubt, "doubt", false, "with -seek: look for what tells mutants that are proven to say the same as the rule, and fail if there is any")
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
