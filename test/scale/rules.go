package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/test/rulecost"
)

const (
	// scrapeInterval is how far apart the samples are, and the evaluations: what
	// kube-prometheus-stack sets.
	scrapeInterval = 30 * time.Second
	// remembered is how far back the samples go.
	remembered = 24 * time.Hour
	// costlyRules is how many rules are named in the report.
	costlyRules = 15
)

// benchRules evaluates the rules over a day of what the cluster and an agent on each of
// its nodes say, and writes what each group costs.
func benchRules(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	note := notes(stderr)
	groups, err := readRules(s.rules)
	if err != nil {
		return err
	}
	var cluster, agent exporter.Families
	err = onFleet(ctx, s, stderr, func(ctx context.Context, _ *fakecluster.Cluster, p *process, begun time.Time) error {
		if _, err := converge(ctx, s, p, begun, note); err != nil {
			return err
		}
		cluster, err = p.families(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if agent, err = agentFamilies(ctx, s, stderr); err != nil {
		return err
	}
	note("making a day of samples")
	day := newDay(groups)
	day.cluster(cluster)
	day.agents(agent, s.fleet.nodes)
	note("evaluating %d series", day.series)
	costs, err := rulecost.Measure(ctx, groups, day.history)
	if err != nil {
		return err
	}
	return writeRules(stdout, s, groups, day.series, costs)
}

func readRules(file string) ([]rulefmt.RuleGroup, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("rules of %s: %w", file, err)
	}
	return groups.Groups, nil
}

// families are one scrape.
func (p *process) families(ctx context.Context) (exporter.Families, error) {
	body, err := p.fetch(ctx, &sample{encoding: "identity"})
	if err != nil {
		return nil, fmt.Errorf("scrape %s: %w", p.url, err)
	}
	return exporter.Parse(body)
}

// agentFamilies is what an agent says on this machine.
func agentFamilies(ctx context.Context, s settings, stderr io.Writer) (families exporter.Families, err error) {
	spec, err := fakecluster.Demo(time.Now())
	if err != nil {
		return nil, fmt.Errorf("cluster to serve: %w", err)
	}
	s.arguments = append([]string{"--scope=node"}, s.arguments...)
	err = onCluster(ctx, s, spec, stderr, func(ctx context.Context, _ *fakecluster.Cluster, p *process, _ time.Time) error {
		if err := (&nodeReport{settings: s}).firstScan(ctx, p); err != nil {
			return err
		}
		families, err = p.families(ctx)
		return err
	})
	return families, err
}

// writeRules prints one group a line, as it is evaluated, then what all take in a
// minute, and the rules that take longest at once.
func writeRules(w io.Writer, s settings, groups []rulefmt.RuleGroup, series int, costs []rulecost.Cost) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\n", args...) }
	row := func(name, every string, c rulecost.Cost) {
		line("%s\t%s\t%.3f\t%d\t%d", strings.TrimPrefix(name, "kubevitals-"), every, c.CPU.Seconds(), c.Samples, c.Results)
	}
	line("%d nodes, %d autoscalers, %d series that rules read, every %s for %s", s.fleet.nodes, s.fleet.hpas, series, model.Duration(scrapeInterval), model.Duration(remembered))
	line("group\tevery\tseconds of a core\tsamples read\tresults")
	var minute rulecost.Cost
	for _, group := range groups {
		sum, every := sumOf(group.Name, costs), cmp.Or(group.Interval, model.Duration(scrapeInterval))
		row(group.Name, every.String(), sum)
		times := float64(time.Minute) / float64(every)
		minute.CPU += time.Duration(times * float64(sum.CPU))
		minute.Samples += int64(times * float64(sum.Samples))
		minute.Results += sum.Results
	}
	row("all in a minute", "", minute)
	line("\nrule\t\tseconds of a core\tsamples read\tresults")
	slices.SortFunc(costs, func(a, b rulecost.Cost) int { return cmp.Compare(b.CPU, a.CPU) })
	for _, c := range costs[:min(costlyRules, len(costs))] {
		row(c.Rule, "", c)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if s.mostRules > 0 && minute.CPU > s.mostRules {
		return fmt.Errorf("the rules take %s of a core each minute, and may take %s", minute.CPU.Round(time.Millisecond), s.mostRules)
	}
	return nil
}

func sumOf(group string, costs []rulecost.Cost) (sum rulecost.Cost) {
	for _, c := range costs {
		if c.Group == group {
			sum.CPU += c.CPU
			sum.Samples += c.Samples
			sum.Results += c.Results
		}
	}
	return sum
}
