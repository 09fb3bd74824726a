package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
	"github.com/kubevitals/kubevitals/mixin"
)

const checkHelp = `Look at the cluster once, evaluate the alerting rules, and print what holds by
cause, with evidence and the commands to run first. With --snapshot it looks at a
dump. Nothing is waited for: what holds only for a moment is told, too, and with
--stays what has not lasted for long enough yet. Logs errors only, unless
--log.level is given; on a terminal a line says what it waits for.

Exit codes: 0 nothing is wrong; 1 findings; 2 could not tell, because something
could not be read or a flag is wrong.`

// The exit codes of check.
const (
	exitFindings = 1
	exitUnsure   = 2
)

// checking is how a cluster is checked.
type checking struct {
	output, severity string
	only             []string
	window, stays    time.Duration
}

func (c *command) checkFlags() {
	k := c.app.Command(checkName, checkHelp)
	k.Flag("output", "Form of the result: text, json or junit.").Short('o').Default("text").EnumVar(&c.checking.output, "text", "json", "junit")
	k.Flag("only", "Alert or signal to look for; all others are left out. Can be given several times.").
		PlaceHolder("NAME").StringsVar(&c.checking.only)
	k.Flag("severity", "Least severity to tell of: info, warning or critical.").
		Default("info").EnumVar(&c.checking.severity, ruleeval.Severities()...)
	k.Flag("window", "Time between the two samples that rates are taken from.").Default("15s").DurationVar(&c.checking.window)
	k.Flag("stays", "Tell also what will hold once pods that wait and nodes that are not ready have been so for this much longer, such as 15m.").
		Default("0s").DurationVar(&c.checking.stays)
}

// runCheck looks at the cluster and prints what it finds. Its error, if any, bears
// one of the exit codes of check.
func (c *command) runCheck(ctx context.Context, logger *slog.Logger) error {
	defer collectRarely()()
	result, err := c.check(ctx, logger)
	if err != nil {
		return &exitError{exitUnsure, err}
	}
	if err := c.print(result); err != nil {
		return &exitError{exitUnsure, fmt.Errorf("write the result: %w", err)}
	}
	switch {
	case result.Ill():
		return &exitError{code: exitFindings}
	case !result.Sure():
		return &exitError{code: exitUnsure}
	}
	return nil
}

func (c *command) check(ctx context.Context, logger *slog.Logger) (*report.Result, error) {
	if c.checking.window <= 0 {
		return nil, fmt.Errorf("--window: %s is not a positive duration", c.checking.window)
	}
	if c.checking.stays < 0 {
		return nil, fmt.Errorf("--stays: %s is a negative duration", c.checking.stays)
	}
	rules, err := alertRules()
	if err != nil {
		return nil, err
	}
	wanted, err := c.wanted(rules)
	if err != nil {
		return nil, err
	}
	look, err := c.look(ctx, rules, logger)
	if err != nil {
		return nil, err
	}
	result := &report.Result{Cluster: look.cluster, At: look.at, Window: look.window.String(), Blind: look.blind, Absent: look.absent}
	for _, name := range look.leftOut {
		result.Absent = append(result.Absent, report.Blind{Kind: report.Collector, Name: name, Reason: "not_found"})
	}
	if err := c.judge(ctx, rules, look, result, wanted); err != nil {
		return nil, err
	}
	result.Answer(wanted, report.Signals(look.families, rules.Alerts(), result.Causes))
	result.Unanswered = c.unanswered(wanted, result.Evaluated)
	return result, nil
}

// wanted are the alerts that --only and --severity select. It refuses names that are
// neither of an alert nor of a signal, and a selection of nothing.
func (c *command) wanted(rules *ruleeval.Rules) ([]ruleeval.Alert, error) {
	for _, name := range c.checking.only {
		if !slices.ContainsFunc(rules.Alerts(), func(a ruleeval.Alert) bool { return named(a, name) }) {
			return nil, fmt.Errorf("--only: there is no alert or signal %q; docs/alerts.md lists them", name)
		}
	}
	least := slices.Index(ruleeval.Severities(), c.checking.severity)
	var wanted []ruleeval.Alert
	for _, a := range rules.Alerts() {
		isNamed := func(name string) bool { return named(a, name) }
		if slices.Index(ruleeval.Severities(), a.Severity) <= least && (len(c.checking.only) == 0 || slices.ContainsFunc(c.checking.only, isNamed)) {
			wanted = append(wanted, a)
		}
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("--severity: nothing that --only names is as severe as %s, so there is nothing to look for", c.checking.severity)
	}
	return wanted, nil
}

func named(a ruleeval.Alert, name string) bool { return a.Name == name || a.Signal == name }

// unanswered are the names given with --only of which nothing could be evaluated.
func (c *command) unanswered(wanted []ruleeval.Alert, evaluated []string) []string {
	unanswered := []string{}
	for _, name := range c.checking.only {
		if !slices.ContainsFunc(wanted, func(a ruleeval.Alert) bool { return named(a, name) && slices.Contains(evaluated, a.Name) }) {
			unanswered = append(unanswered, name)
		}
	}
	return unanswered
}

// opening is what the runbook of the alert says to run first.
func opening(alert string, labels map[string]string) string {
	text, err := fs.ReadFile(mixin.Files(), "runbooks/"+alert+".md")
	if err != nil {
		return ""
	}
	book, err := runbook.Parse(text)
	if err != nil {
		return ""
	}
	return runbook.Fill(book.Opening(), labels)
}

// look is what two scrapes saw.
type look struct {
	samples       *ruleeval.Samples
	families      []*dto.MetricFamily // of the last scrape
	blind, absent []report.Blind
	at            time.Time
	window        time.Duration
	cluster       string
	leftOut       []string
	why           report.Why
}

// look starts the sources and scrapes twice. A dump holds both scrapes already.
func (c *command) look(ctx context.Context, rules *ruleeval.Rules, logger *slog.Logger) (*look, error) {
	watched, host, err := c.open(ctx, logger)
	if err != nil {
		return nil, err
	}
	defer watched.close()
	c.logLess("error") // the result says what cannot be read and why
	l := &look{window: c.checking.window, cluster: watched.config.Host}
	if d := watched.dump; d != nil {
		l.cluster, l.window = d.Path, d.Window()
		l.at = d.Taken.Add(-l.window)
		watched.replay = func() time.Time { return l.at }
	}
	reading, err := c.read(ctx, watched, host, logger)
	if err != nil {
		return nil, err
	}
	defer reading.stop()
	l.leftOut, l.why = c.selection.LeftOut(), why{reading.sources, reading.frame}
	l.samples = ruleeval.NewSamples(c.target("check")).Only(rules.Reads())
	if d := watched.dump; d != nil {
		return l, l.replayTwice(ctx, reading, d.Taken)
	}
	return l, l.scrapeTwice(ctx, reading)
}

// scrapeTwice scrapes as soon as all that counts something has been read, and again
// after the window and once everything was read: of pods and kubelets no rate is
// taken, and a large cluster is seen sooner.
func (l *look) scrapeTwice(ctx context.Context, r *reading) error {
	first, err := r.begun(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	l.samples.Add(first, begun)
	if err := r.progress.wait(ctx, begun.Add(l.window)); err != nil {
		return err
	}
	last, err := r.settled(ctx)
	if err != nil {
		return err
	}
	l.add(last, time.Now())
	l.window = max(l.window, l.at.Sub(begun).Round(time.Second))
	return nil
}

// replayTwice scrapes a dump as it was at the beginning and at the end.
func (l *look) replayTwice(ctx context.Context, r *reading, end time.Time) error {
	first, err := r.settled(ctx)
	if err != nil {
		return err
	}
	l.samples.Add(first, l.at)
	l.at = end
	last, err := r.gather(ctx)
	if err != nil {
		return err
	}
	l.add(last, end)
	return nil
}

// add takes the last scrape.
func (l *look) add(families []*dto.MetricFamily, at time.Time) {
	l.at, l.families = at, families
	l.blind, l.absent = report.Sightless(families, l.why)
	l.samples.Add(families, at)
}

func (c *command) print(r *report.Result) error {
	switch c.checking.output {
	case "json":
		return r.JSON(c.stdout)
	case "junit":
		return r.JUnit(c.stdout)
	}
	return r.Text(c.stdout, colourful(c.stdout))
}

// colourful tells whether the output is a terminal whose user wants colours.
func colourful(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && terminal(w) }
