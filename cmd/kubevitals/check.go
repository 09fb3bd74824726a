package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/common/version"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/diagnosis/translate"
	"github.com/kubevitals/kubevitals/internal/oneshot"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

const checkHelp = `Look at the cluster once, evaluate the alerting rules, and print which fire,
with evidence and the commands to run first. With --snapshot it looks at a
dump. Nothing is waited for: what holds only for a moment is told, too, and with
--stays what has not lasted for long enough yet. Logs errors only, unless
--log.level is given; on a terminal a line says what it waits for.

Exit codes: 0 nothing is wrong; 1 findings; 2 could not tell, because something
could not be read or a flag is wrong. With --watch it is that of the last look.`

// The exit codes of check.
const (
	exitFindings = 1
	exitUnsure   = 2
)

// checking is how a cluster is checked.
type checking struct {
	output, severity string
	language         string
	only             []string
	window, stays    time.Duration
	width            wrapping
	unfold           bool
	watch            watching
}

func (c *command) checkFlags() {
	k := c.app.Command(checkName, checkHelp)
	k.Flag("output", "Form of the result: text, markdown (for a ticket), html (one file to send), json, junit, sarif (for code scanning) or github (annotations of a workflow).").
		Short('o').Default("text").EnumVar(&c.checking.output, "text", "markdown", "html", "json", "junit", "sarif", "github")
	k.Flag("language", "Language of what is found, and of text, markdown and html: en or zh-TW. Names, errors and what the cluster says stay as they are.").
		Default(report.English).EnumVar(&c.checking.language, report.English, report.Chinese)
	k.Flag("only", "Alert or signal to look for; all others are left out. Can be given several times.").
		PlaceHolder("NAME").StringsVar(&c.checking.only)
	k.Flag("severity", "Minimum severity: info, warning or critical.").
		Default("info").EnumVar(&c.checking.severity, ruleeval.Severities()...)
	k.Flag("window", "Time between the two samples that rates are taken from. 0s takes one sample, and leaves alerts that need a rate to Prometheus.").Default("15s").DurationVar(&c.checking.window)
	k.Flag("stays", "Tell also what will hold once pods that wait and nodes that are not ready have been so for this much longer, such as 15m.").
		Default("0s").DurationVar(&c.checking.stays)
	k.Flag("unfold", "In text, print evidence and commands of what only follows from other incidents, too.").BoolVar(&c.checking.unfold)
	k.Flag("watch", "Look again and again until interrupted, and print what is wrong and what began and ended meanwhile; details are in a check without it.").
		Short('w').BoolVar(&c.checking.watch.on)
	k.Flag("interval", "Time between two looks of --watch.").Default("30s").DurationVar(&c.checking.watch.interval)
	c.checking.width.flag(k, "What is no terminal gets whole lines.")
}

// runCheck looks at the cluster and prints what it finds. Its error, if any, bears
// one of the exit codes of check.
func (c *command) runCheck(ctx context.Context, logger *slog.Logger) error {
	defer oneshot.CollectRarely()()
	if c.checking.watch.on {
		return c.runWatch(ctx, logger)
	}
	result, err := c.check(ctx, logger)
	if err != nil {
		return &exitError{exitUnsure, err}
	}
	if err := c.print(result); err != nil {
		return &exitError{exitUnsure, fmt.Errorf("write the result: %w", err)}
	}
	return verdict(result)
}

func (c *command) check(ctx context.Context, logger *slog.Logger) (*diagnosis.Result, error) {
	if c.checking.window < 0 {
		return nil, fmt.Errorf("--window: %s is a negative duration", c.checking.window)
	}
	if _, err := c.checking.width.of(c.stdout, 0); err != nil {
		return nil, err
	}
	if c.checking.stays < 0 {
		return nil, fmt.Errorf("--stays: %s is a negative duration", c.checking.stays)
	}
	rules, err := diagnosis.AlertRules()
	if err != nil {
		return nil, err
	}
	causes, err := diagnosis.Causes()
	if err != nil {
		return nil, err
	}
	selection, err := diagnosis.Select(rules, c.checking.only, c.checking.severity)
	if err != nil {
		return nil, err
	}
	seen, err := c.observe(ctx, rules, logger)
	if err != nil {
		return nil, err
	}
	options := diagnosis.Options{
		Rules: rules, Causes: causes, Selection: selection, Commands: diagnosis.FirstCommands,
		Projection: &diagnosis.Projection{Onsets: diagnosis.Onsets(), Stays: c.checking.stays},
	}
	if c.checking.language == report.Chinese {
		chinese, err := translate.Chinese(rules)
		if err != nil {
			return nil, err
		}
		options.Finish = chinese.Result
	}
	return diagnosis.Diagnose(ctx, seen, options)
}

// observe scrapes the cluster, twice unless the window is 0, and then reads no more of it: what it has used
// is free for the evaluation.
func (c *command) observe(ctx context.Context, rules *ruleeval.Rules, logger *slog.Logger) (diagnosis.Observation, error) {
	seen := diagnosis.Observation{Samples: ruleeval.NewSamples(c.targetLabels("check")).Only(rules.Reads())}
	watched, host, err := c.openOnce(ctx, logger)
	if err != nil {
		return seen, err
	}
	defer func() { _ = watched.Close() }()
	c.logLess("error") // the result says what cannot be read and why
	reader, err := c.read(ctx, watched, host, logger)
	if err != nil {
		return seen, err
	}
	defer reader.Stop()
	c.teller(watched)(&seen)
	switch clock := watched.Clock; {
	case clock != nil:
		err = reader.ReplayTwice(ctx, &seen, clock)
	case c.checking.window == 0:
		err = reader.ScrapeOnce(ctx, &seen)
	default:
		err = reader.ScrapeTwice(ctx, &seen, c.checking.window)
	}
	return seen, err
}

func (c *command) print(r *diagnosis.Result) error {
	switch c.checking.output {
	case "json":
		return report.JSON(c.stdout, r)
	case "junit":
		return report.JUnit(c.stdout, r)
	case "markdown":
		return report.Markdown(c.stdout, r, c.checking.language)
	case "html":
		return report.HTML(c.stdout, r, c.checking.language)
	case "sarif":
		return report.SARIF(c.stdout, r, version.Version)
	case "github":
		return report.GitHub(c.stdout, r)
	}
	columns, err := c.checking.width.of(c.stdout, 0)
	if err != nil {
		return err
	}
	return report.Text(c.stdout, r, report.Style{Colour: terminal.Coloured(c.stdout), Columns: columns, Language: c.checking.language, Unfold: c.checking.unfold})
}
