package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// approve writes files of cases anew, with what the rules come to as what they expect.
func (s *seeker) approve(ctx context.Context, cases []*testCase) error {
	files := map[*testFile][]*testCase{}
	for _, c := range cases {
		p := prepare(s.graph, c)
		p.look(s.graph)
		taped, err := s.expects(ctx, p)
		if err != nil {
			return err
		}
		if taped == nil {
			return fmt.Errorf("%s: rules fail, or can't be played one by one", c.title())
		}
		files[c.file] = append(files[c.file], c)
	}
	for file, some := range files {
		if err := write(file.path, file.Interval, some); err != nil {
			return err
		}
	}
	return nil
}

// add writes what was found beside what the files of a folder have, one file for each signal.
func (s *seeker) add(folder string) error {
	of := map[string][]*testCase{}
	for _, one := range s.found {
		name := one.signal
		if one.file.Interval != model.Duration(time.Minute) {
			name += "_" + one.file.Interval.String()
		}
		of[name] = append(of[name], one.testCase)
	}
	for name, cases := range of {
		path, interval := filepath.Join(folder, name+".yaml"), cases[0].file.Interval
		if _, err := os.Stat(path); err == nil {
			before, err := loadTests(s.parser, []string{path})
			if err != nil {
				return err
			}
			cases = append(before, cases...)
		}
		if err := write(path, interval, cases); err != nil {
			return err
		}
	}
	return nil
}

const head = `# Written by make seek, and by make update-found whenever rules are others. Each case is
# named after a change of a rule that it tells from the rule; what it expects is what the rules
# come to, for you to read.
rule_files:
  - ../../generated/alerts.yaml

evaluation_interval: %s

tests:
`

// write writes cases as a file of tests.
func write(path string, interval model.Duration, cases []*testCase) error {
	slices.SortStableFunc(cases, func(a, b *testCase) int { return cmp.Compare(a.Name, b.Name) })
	var b strings.Builder
	fmt.Fprintf(&b, head, interval)
	for _, c := range cases {
		fmt.Fprintf(&b, "  - name: %s\n    interval: %s\n    input_series:\n", quoted(c.Name), c.Interval)
		for _, in := range c.Input {
			fmt.Fprintf(&b, "      - series: %s\n        values: %s\n", quoted(in.Series), quoted(in.Values))
		}
		fmt.Fprintf(&b, "    promql_expr_test:\n")
		for _, e := range c.Exprs {
			fmt.Fprintf(&b, "      - expr: %s\n        eval_time: %s\n", quoted(e.Expr), e.At)
			expect := slices.Clone(e.expect)
			slices.SortFunc(expect, func(a, b sample) int { return cmp.Compare(selector(a.labels), selector(b.labels)) })
			if len(expect) > 0 {
				fmt.Fprintf(&b, "        exp_samples:\n")
			}
			for _, x := range expect {
				fmt.Fprintf(&b, "          - labels: %s\n            value: %s\n", quoted(selector(x.labels)), strconv.FormatFloat(x.value, 'g', -1, 64))
			}
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// quoted is a text as YAML has it between single quotes.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
