package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// sizes are numbers of nodes, as a flag: "500,5000".
type sizes []int

// String implements flag.Value.
func (s *sizes) String() string { return strings.Trim(fmt.Sprint([]int(*s)), "[]") }

// Set implements flag.Value.
func (s *sizes) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(one)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number of nodes", one)
		}
		*s = append(*s, n)
	}
	return nil
}

// sized is a column of the table of sizes.
type sized struct {
	name string
	of   func(measured) float64
}

func columns() []sized {
	return []sized{
		{"nodes", func(m measured) float64 { return float64(m.settings.fleet.nodes) }},
		{"pods", func(m measured) float64 { return float64(m.settings.fleet.pods) }},
		{"series", func(m measured) float64 { return float64(m.scrapes[0].series) }},
		{"scrape_ms", func(m measured) float64 { return milliseconds(middle(m.scrapesIn("identity"))) }},
		{"resident_mib", func(m measured) float64 { return mebibytes(m.steady.resident) }},
		{"peak_mib", func(m measured) float64 { return mebibytes(m.usage.peak) }},
		{"cpu_seconds_per_minute", func(m measured) float64 { return m.steady.cpu.Seconds() / m.steady.took.Minutes() }},
		{"sources_seconds", func(m measured) float64 { return m.converged.sources.Seconds() }},
		{"kubelets_seconds", func(m measured) float64 { return m.converged.kubelets.Seconds() }},
	}
}

// benchSizes measures clusters of several sizes, one after the other, each with ten pods
// and an autoscaler for each node, and writes a table of them in the form CSV.
func benchSizes(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	table := csv.NewWriter(stdout)
	var header []string
	for _, c := range columns() {
		header = append(header, c.name)
	}
	if err := table.Write(header); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	for _, nodes := range s.sizes {
		s.fleet.nodes, s.fleet.pods, s.fleet.hpas = nodes, 10*nodes, nodes
		notes(stderr)("a cluster of %d nodes", nodes)
		m := measured{settings: s}
		err := onFleet(ctx, s, stderr, func(ctx context.Context, cluster *fakecluster.Cluster, p *process, begun time.Time) error {
			return m.measure(ctx, cluster, p, begun, notes(stderr))
		})
		if err != nil {
			return fmt.Errorf("a cluster of %d nodes: %w", nodes, err)
		}
		var row []string
		for _, c := range columns() {
			row = append(row, strconv.FormatFloat(math.Round(100*c.of(m))/100, 'f', -1, 64))
		}
		if err := table.Write(row); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
		table.Flush() // what was measured is there, whatever becomes of the rest
	}
	return table.Error()
}
