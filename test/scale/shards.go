package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/test/shards"
)

// divided is what one exporter took alone, and shards of the same cluster together.
type divided struct {
	settings   settings
	alone      divider
	shards     []divider
	said, both shards.Told
}

// divider is one of the exporters.
type divider struct {
	converged converged
	series    int64
	scrape    time.Duration // median
	usage     usage
}

// benchShards runs one exporter on a cluster with a few faults, and then as many as asked
// for that divide it, and writes what each takes. It fails if they do not tell the same.
func benchShards(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	note := notes(stderr)
	note("making the cluster")
	now := time.Now()
	spec := s.fleet.spec(now)
	s.fleet.plant(spec, now)
	d := divided{settings: s}
	err := onFake(ctx, spec, func(ctx context.Context, _ *fakecluster.Cluster, flags []string) error {
		families, alone, err := d.run(ctx, 1, flags, stderr)
		if err != nil {
			return err
		}
		d.alone = alone[0]
		if d.said, err = d.told(ctx, families); err != nil {
			return err
		}
		if families, d.shards, err = d.run(ctx, s.shards, flags, stderr); err != nil {
			return err
		}
		d.both, err = d.told(ctx, families)
		return err
	})
	if err != nil {
		return err
	}
	if err := d.write(stdout); err != nil {
		return err
	}
	return shards.Differs(d.said, d.both)
}

func (d *divided) told(ctx context.Context, families []exporter.Families) (shards.Told, error) {
	rules, err := diagnosis.AlertRules()
	if err != nil {
		return shards.Told{}, err
	}
	return shards.Of(ctx, rules, families...)
}

// run runs that many exporters side by side until each has read what is its own, and
// scrapes them.
func (d *divided) run(ctx context.Context, total int, flags []string, stderr io.Writer) ([]exporter.Families, []divider, error) {
	note := notes(stderr)
	processes := make([]*process, total)
	begun := time.Now()
	for i := range processes {
		own := append(slices.Clone(flags), "--web.listen-address="+fakecluster.Loopback+":0",
			fmt.Sprintf("--shard=%d", i), fmt.Sprintf("--total-shards=%d", total))
		var err error
		if processes[i], err = start(ctx, d.settings.binary, append(own, d.settings.arguments...), stderr); err != nil {
			return nil, nil, err
		}
		defer processes[i].stop()
	}
	all := make([]divider, total)
	for i, p := range processes {
		note("waiting for shard %d of %d", i, total)
		own := d.settings
		own.fleet.nodes = d.settings.fleet.answering(exporter.Shard{Index: i, Total: total})
		var err error
		if all[i].converged, err = converge(ctx, own, p, begun, note); err != nil {
			return nil, nil, err
		}
	}
	var families []exporter.Families
	for i, p := range processes {
		one, err := all[i].measure(ctx, p, d.settings.scrapes)
		if err != nil {
			return nil, nil, err
		}
		families = append(families, one)
	}
	return families, all, nil
}

// answering is how many nodes of a shard have a kubelet that answers: plant kills that of
// the last node.
func (f fleet) answering(s exporter.Shard) int {
	n := 0
	for i := range f.nodes - 1 {
		if s.Owns(nodeName(i)) {
			n++
		}
	}
	return n
}

// measure scrapes an exporter some times, and returns what it said last.
func (d *divider) measure(ctx context.Context, p *process, scrapes int) (exporter.Families, error) {
	var all []sample
	for range scrapes {
		one, err := p.scrape(ctx, "identity")
		if err != nil {
			return nil, err
		}
		all, d.series = append(all, one), one.series
	}
	d.scrape = middle(all)
	var err error
	if d.usage, err = p.usage(); err != nil {
		return nil, err
	}
	body, err := p.fetch(ctx, &sample{encoding: "identity"})
	if err != nil {
		return nil, fmt.Errorf("scrape %s: %w", p.url, err)
	}
	return exporter.Parse(body)
}

// write prints a line for each exporter.
func (d *divided) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { _, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	d.settings.fleet.write(line)
	line("", "series\tscrape, median\tresident\tpeak\tkubelets read after")
	row := func(name string, one divider) {
		line(name, "%d\t%.0f ms\t%.0f MiB\t%.0f MiB\t%.0f s", one.series, milliseconds(one.scrape),
			mebibytes(one.usage.resident), mebibytes(one.usage.peak), one.converged.kubelets.Seconds())
	}
	row("alone", d.alone)
	for i, one := range d.shards {
		row(fmt.Sprintf("shard %d of %d", i, len(d.shards)), one)
	}
	line("series that are not about an exporter, alone and together", "%d, %d", len(d.said.Series), len(d.both.Series))
	line("alerts, alone and together", "%d, %d", len(d.said.Alerts), len(d.both.Alerts))
	return t.Flush()
}
