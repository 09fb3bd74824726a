package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v2"
)

// testFile is a file of "promtool test rules". The rules that it names are not read:
// those that are mutated stand in their place.
type testFile struct {
	RuleFiles    []string       `yaml:"rule_files"`
	Interval     model.Duration `yaml:"evaluation_interval,omitempty"`
	Order        []string       `yaml:"group_eval_order"`
	Cases        []*testCase    `yaml:"tests"`
	FuzzyCompare bool           `yaml:"fuzzy_compare,omitempty"`

	path string
}

// testCase is one of its tests.
type testCase struct {
	Interval       model.Duration `yaml:"interval"`
	Input          []inputSeries  `yaml:"input_series"`
	Alerts         []alertTest    `yaml:"alert_rule_test,omitempty"`
	Exprs          []exprTest     `yaml:"promql_expr_test,omitempty"`
	ExternalLabels labels.Labels  `yaml:"external_labels,omitempty"`
	ExternalURL    string         `yaml:"external_url,omitempty"`
	Name           string         `yaml:"name,omitempty"`
	Start          startTime      `yaml:"start_timestamp,omitempty"`

	file   *testFile
	inputs *table
}

// inputSeries is a series that a case gives.
type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// alertTest says which alerts of a name fire at a time.
type alertTest struct {
	At     model.Duration `yaml:"eval_time"`
	Alert  string         `yaml:"alertname"`
	Expect []struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	} `yaml:"exp_alerts"`
}

// exprTest says what an expression evaluates to at a time.
type exprTest struct {
	Expr   string         `yaml:"expr"`
	At     model.Duration `yaml:"eval_time"`
	Expect []struct {
		Labels    string  `yaml:"labels"`
		Value     float64 `yaml:"value"`
		Histogram string  `yaml:"histogram"`
	} `yaml:"exp_samples"`

	parsed parser.Expr
	expect []sample
}

type startTime struct{ time.Time }

// UnmarshalYAML reads RFC 3339, or seconds since 1970.
func (s *startTime) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	if seconds, err := time.ParseDuration(text + "s"); err == nil {
		s.Time = time.UnixMilli(seconds.Milliseconds()).UTC()
		return nil
	}
	var err error
	s.Time, err = time.Parse(time.RFC3339Nano, text)
	return err
}

// start is the time of the first samples.
func (c *testCase) start() time.Time {
	if c.Start.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return c.Start.Time
}

// loadTests reads the files that the patterns match, and their cases in order.
func loadTests(p parser.Parser, patterns []string) ([]*testCase, error) {
	var all []*testCase
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			file := &testFile{path: path, Interval: model.Duration(time.Minute)}
			if err := yaml.UnmarshalStrict(text, file); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			for _, c := range file.Cases {
				c.file = file
				if err := c.read(p); err != nil {
					return nil, fmt.Errorf("%s, test %q: %w", path, c.Name, err)
				}
			}
			all = append(all, file.Cases...)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there are no tests in %s", strings.Join(patterns, ", "))
	}
	return all, nil
}

var errHistogram = errors.New("native histograms are not read")

// read parses the series and the expressions.
func (c *testCase) read(p parser.Parser) error {
	if c.Interval == 0 {
		c.Interval = c.file.Interval
	}
	given := map[uint64]*series{}
	var order []uint64
	for _, in := range c.Input {
		metric, values, err := p.ParseSeriesDesc(in.Series + " " + in.Values)
		if err != nil {
			return err
		}
		one := &series{labels: metric}
		for i, v := range values {
			if v.Histogram != nil {
				return errHistogram
			}
			if !v.Omitted {
				one.points = append(one.points, point{c.start().Add(time.Duration(i) * time.Duration(c.Interval)).UnixMilli(), v.Value})
			}
		}
		// The last of the same labels stands, as with promtool.
		if given[metric.Hash()] == nil {
			order = append(order, metric.Hash())
		}
		given[metric.Hash()] = one
	}
	c.inputs = newTable()
	for _, hash := range order {
		c.inputs.add(given[hash])
	}
	for i := range c.Exprs {
		if err := c.Exprs[i].read(p); err != nil {
			return err
		}
	}
	return nil
}

func (e *exprTest) read(p parser.Parser) (err error) {
	if e.parsed, err = p.ParseExpr(e.Expr); err != nil {
		return err
	}
	for _, s := range e.Expect {
		if s.Histogram != "" {
			return errHistogram
		}
		l, err := p.ParseMetric(s.Labels)
		if err != nil {
			return err
		}
		e.expect = append(e.expect, sample{l, s.Value})
	}
	return nil
}

// last is the time of the last thing that the case asks for, since its start.
func (c *testCase) last() time.Duration {
	var last model.Duration
	for _, t := range c.Alerts {
		last = max(last, t.At)
	}
	for _, t := range c.Exprs {
		last = max(last, t.At)
	}
	return time.Duration(last)
}

// title names the case.
func (c *testCase) title() string { return filepath.Base(c.file.path) + ": " + c.Name }
