package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// The sizes from which the formula is computed. Each node and namespace has pods in every
// state before there are more, so that what depends on these is complete; and there are
// so many namespaces that each kubelet watches more than fits on one connection.
const (
	someNodes, someHPAs = 10, 20
	someNamespaces      = 50
	podsPerNode         = 60
)

// counts are numbers of series by signal.
type counts map[string]int

// dimension is one of the numbers that a cluster has more of.
type dimension struct {
	letter string
	size   int
	more   func(*fleet)
}

func dimensions() []dimension {
	return []dimension{
		{"N", someNodes, func(f *fleet) { f.nodes *= 2 }},
		{"P", someNodes * podsPerNode * 2, func(f *fleet) { f.pods *= 2 }},
		{"H", someHPAs, func(f *fleet) { f.hpas *= 2 }},
	}
}

// budget is how many series there may be.
type budget struct {
	// node is of a healthy node with one disk, secondDisk with another for images.
	node, secondDisk float64
	autoscaler       float64
}

func budgets() budget { return budget{node: 20, secondDisk: 25, autoscaler: 1} }

// cardinality counts the series of a healthy fleet, and of one in which everything is
// ill, doubles their nodes, pods and autoscalers one after the other, and prints what each
// of them adds. It fails beyond the budget.
func cardinality(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	base := fleet{
		nodes: someNodes, pods: someNodes * podsPerNode * 2, hpas: someHPAs, namespaces: someNamespaces,
		apiServers: 1, apiServerSeries: 1000,
	}
	healthy, err := measureGrowth(ctx, s, base, stderr)
	if err != nil {
		return err
	}
	base.secondDisk = true
	two, err := seriesOf(ctx, s, base, stderr)
	if err != nil {
		return err
	}
	base.secondDisk, base.sick = false, true
	ill, err := measureGrowth(ctx, s, base, stderr)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(stdout, "a healthy fleet")
	grows := healthy.write(stdout)
	second := float64(count(two).total()-healthy.counts.total()) / someNodes
	_, _ = fmt.Fprintf(stdout, "a second disk adds %s for each node\n\nan ill fleet\n", short(second))
	return errors.Join(grows, ill.write(stdout), healthy.within(budgets(), second), sameEverywhere(healthy.families, someNodes))
}

// growth is what a fleet has of series, and what more of each dimension adds.
type growth struct {
	fleet    fleet
	families exporter.Families
	counts   counts
	more     map[string]counts
}

func measureGrowth(ctx context.Context, s settings, f fleet, stderr io.Writer) (growth, error) {
	families, err := seriesOf(ctx, s, f, stderr)
	g := growth{fleet: f, families: families, counts: count(families), more: map[string]counts{}}
	if err != nil {
		return g, err
	}
	for _, d := range dimensions() {
		larger := f
		d.more(&larger)
		after, err := seriesOf(ctx, s, larger, stderr)
		if err != nil {
			return g, err
		}
		g.more[d.letter] = counts{}
		for signal, n := range count(after) {
			g.more[d.letter][signal] = n - g.counts[signal]
		}
	}
	return g, nil
}

// seriesOf are the series of one fleet.
func seriesOf(ctx context.Context, s settings, f fleet, stderr io.Writer) (families exporter.Families, err error) {
	s.fleet = f
	err = onFleet(ctx, s, stderr, func(ctx context.Context, _ *fakecluster.Cluster, p *process, begun time.Time) error {
		if _, err := converge(ctx, s, p, begun, notes(stderr)); err != nil {
			return err
		}
		body, err := p.fetch(ctx, &sample{encoding: "identity"})
		if err != nil {
			return err
		}
		families, err = exporter.Parse(body)
		return err
	})
	return families, err
}

// count counts series by signal.
func count(families exporter.Families) counts {
	c := counts{}
	for _, f := range families {
		c[signalOf(f.Desc.Name)] += f.Len()
	}
	return c
}

func (c counts) total() (n int) {
	for _, one := range c {
		n += one
	}
	return n
}

// within returns an error for each budget that is exceeded.
func (g growth) within(b budget, second float64) error {
	node, autoscaler := float64(g.more["N"].total())/someNodes, float64(g.more["H"].total())/someHPAs
	var err error
	for _, one := range []struct {
		what      string
		has, most float64
	}{
		{"a healthy node", node, b.node}, {"a healthy node with a second disk", node + second, b.secondDisk}, {"a healthy autoscaler", autoscaler, b.autoscaler},
	} {
		if one.has > one.most {
			err = errors.Join(err, fmt.Errorf("%s has %s series, of which it may have %s", one.what, short(one.has), short(one.most)))
		}
	}
	return err
}

// signalOf names the signal that a metric belongs to.
func signalOf(metric string) string {
	rest, ours := strings.CutPrefix(metric, "kubevitals_")
	if !ours {
		return "process"
	}
	best := "sources"
	for _, d := range collectors.Catalogue() {
		if strings.HasPrefix(rest, d.Name+"_") && (best == "sources" || len(d.Name) > len(best)) {
			best = d.Name
		}
	}
	return best
}

// write prints how many series each signal has, and fails if that depends on the pods.
func (g growth) write(w io.Writer) error {
	f, before := g.fleet, g.counts
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "signal\tseries at N=%d P=%d H=%d\tformula\n", f.nodes, f.pods, f.hpas)
	total := counts{}
	var growing []string
	for _, signal := range slices.Sorted(maps.Keys(before)) {
		constant, terms := before[signal], []string{}
		for _, d := range dimensions() {
			more := g.more[d.letter][signal]
			if more == 0 {
				continue
			}
			if d.letter == "P" {
				growing = append(growing, fmt.Sprintf("%s has %d series more with %d pods more", signal, more, d.size))
			}
			terms = append(terms, fmt.Sprintf("%s·%s", perOne(more, d.size), d.letter))
			constant -= more
			total[d.letter] += more
		}
		total["all"] += before[signal]
		total["constant"] += constant
		_, _ = fmt.Fprintf(table, "%s\t%d\t%s\n", signal, before[signal], strings.Join(append(terms, fmt.Sprint(constant)), " + "))
	}
	_, _ = fmt.Fprintf(table, "all\t%d\t%s·N + %s·P + %s·H + %d\n", total["all"], perOne(total["N"], someNodes),
		perOne(total["P"], f.pods), perOne(total["H"], someHPAs), total["constant"])
	if err := table.Flush(); err != nil {
		return err
	}
	if len(growing) > 0 {
		return errors.New("the number of series depends on the number of pods: " + strings.Join(growing, "; "))
	}
	return nil
}

// perOne is how many series one node, pod or autoscaler adds.
func perOne(more, size int) string { return short(float64(more) / float64(size)) }

// short writes a number with two digits after the point at most.
func short(n float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", n), "0"), ".")
}
