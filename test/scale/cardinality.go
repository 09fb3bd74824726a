package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// The sizes from which the formula is computed. Each node has pods in every
// state before there are more, so that what depends on nodes is complete.
const (
	someNodes, someHPAs = 10, 20
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

// cardinality counts the series of a cluster in which everything is ill, doubles
// its nodes, pods and autoscalers one after the other, and prints what each of
// them adds.
func cardinality(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	base := s
	base.fleet = fleet{
		nodes: someNodes, pods: someNodes * podsPerNode * 2, hpas: someHPAs,
		apiServers: 1, apiServerSeries: 1000, sick: true,
	}
	before, err := seriesOf(ctx, base, stderr)
	if err != nil {
		return err
	}
	growth := map[string]counts{}
	for _, d := range dimensions() {
		larger := base
		d.more(&larger.fleet)
		after, err := seriesOf(ctx, larger, stderr)
		if err != nil {
			return err
		}
		growth[d.letter] = counts{}
		for signal, n := range after {
			growth[d.letter][signal] = n - before[signal]
		}
	}
	return writeCardinality(stdout, base.fleet, before, growth)
}

// seriesOf counts the series of one fleet by signal.
func seriesOf(ctx context.Context, s settings, stderr io.Writer) (counts, error) {
	c := counts{}
	err := onFleet(ctx, s, stderr, func(ctx context.Context, _ *fakecluster.Cluster, p *process, begun time.Time) error {
		if _, err := converge(ctx, s, p, begun, notes(stderr)); err != nil {
			return err
		}
		body, err := p.fetch(ctx, &sample{encoding: "identity"})
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(body)
		for lines.Scan() {
			if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
				c[signalOf(line)]++
			}
		}
		return lines.Err()
	})
	return c, err
}

// signalOf names the signal that a sample belongs to.
func signalOf(line string) string {
	rest, ours := strings.CutPrefix(line, "kubevitals_")
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

func writeCardinality(w io.Writer, f fleet, before counts, growth map[string]counts) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "signal\tseries at N=%d P=%d H=%d\tformula\n", f.nodes, f.pods, f.hpas)
	var total, names = counts{}, []string{}
	for signal := range before {
		names = append(names, signal)
	}
	slices.Sort(names)
	var growing []string
	for _, signal := range names {
		constant, terms := before[signal], []string{}
		for _, d := range dimensions() {
			more := growth[d.letter][signal]
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
func perOne(more, size int) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", float64(more)/float64(size)), "0"), ".")
}
