// Package matrix proves on a real control plane that each fault is told of by the alert
// that names it, once, and by no other: faults of package faults, a kubevitals as it is
// shipped, a real Prometheus with the shipped rules, a real Alertmanager with the shipped
// inhibition, and a receiver that counts what comes.
package matrix

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// Options say what is tried and on what.
type Options struct {
	// LabBinary is the lab's own binary; the others are those of their names.
	LabBinary, Kubevitals, Prometheus, Alertmanager string
	// Manifests is the folder with those that kubevitals ships, and Causes the file with
	// its graph of causes.
	Manifests, Causes string
	// Dir holds a folder for each lab.
	Dir string
	// Nodes is the number of nodes of a lab.
	Nodes int
	// EtcdArgs are further flags of etcd.
	EtcdArgs []string
	// Stay is for how long a fault goes on after its alert has fired, so that what follows
	// from it has time to fire, too.
	Stay time.Duration
	// Parallel is the number of labs at a time.
	Parallel int
	// Logf reports progress.
	Logf func(format string, args ...any)
}

// Case is what is played at a time: one fault, or two at once.
type Case struct {
	Faults []faults.Fault
	// Outlives is whether the first fault is healed while the others stay, and their alerts
	// are to be told only then, or at once.
	Outlives bool
}

// Name is made of the names of the faults.
func (c Case) Name() string {
	name := c.Faults[0].Name
	for _, f := range c.Faults[1:] {
		if c.Outlives {
			name += " ends before"
		} else {
			name += " and"
		}
		name += " " + f.Name
	}
	return name
}

// Single makes a case of each fault.
func Single(all []faults.Fault) []Case {
	var cases []Case
	for _, f := range all {
		cases = append(cases, Case{Faults: []faults.Fault{f}})
	}
	return cases
}

// slowly is the setting by which rules of nodes are evaluated nearly as often as others.
const slowly = "slowInterval=2s"

// campaign is a series of cases.
type campaign struct {
	options Options
	rules   *rules
	graph   graph
}

// Run plays the cases and returns a result for each, in their order. Those that could not
// be played bear the error.
func Run(ctx context.Context, o Options, cases []Case) (Report, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return Report{}, fmt.Errorf("results: %w", err)
	}
	c := &campaign{options: o}
	var err error
	if c.graph, err = readGraph(o.Causes); err != nil {
		return Report{}, err
	}
	if c.rules, err = shorten(ctx, o.Kubevitals, o.Dir, nil, slowly); err != nil {
		return Report{}, err
	}
	results := make([]Result, len(cases))
	next := make(chan int)
	var workers sync.WaitGroup
	for i := range max(1, o.Parallel) {
		workers.Go(func() { c.work(ctx, filepath.Join(o.Dir, fmt.Sprintf("lab-%d", i)), cases, results, next) })
	}
	for i := range cases {
		select {
		case next <- i:
		case <-ctx.Done():
			results[i] = Result{Case: cases[i].Name(), Error: ctx.Err().Error()}
		}
	}
	close(next)
	workers.Wait()
	return Report{Settings: c.rules.told(), Alerts: len(c.rules.alerts), Results: results}, ctx.Err()
}

// rulesFor are those by which the alerts of a case can fire in time.
func (c *campaign) rulesFor(ctx context.Context, played Case, dir string) (*rules, error) {
	var planted []string
	for _, f := range played.Faults {
		if c.rules.shipped[f.Alert].looksBack() {
			planted = append(planted, f.Alert)
		}
	}
	if planted == nil {
		return c.rules, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return shorten(ctx, c.options.Kubevitals, dir, planted, slowly)
}

// work plays cases on one lab after the other. A lab is used again for as long as it is
// quiet after a case, no outage still keeps others quiet, and the rules are the same.
func (c *campaign) work(ctx context.Context, dir string, cases []Case, results []Result, next <-chan int) {
	var b *bench
	stop := func() {
		if b != nil {
			b.stop()
			b = nil
		}
	}
	defer stop()
	labs := 0
	for i := range next {
		name := cases[i].Name()
		own := fmt.Sprintf("%s.%d", dir, labs+1)
		r, err := c.rulesFor(ctx, cases[i], own)
		if b != nil && (r != b.rules || !b.quiet(ctx, quietAgain) || !b.calm(ctx)) {
			stop()
		}
		if b == nil && err == nil {
			labs++
			b, err = startBench(ctx, c.options, r, own)
		}
		if err != nil {
			results[i] = Result{Case: name, Error: err.Error()}
			c.options.Logf("%s: not tried: %v", name, err)
			continue
		}
		c.options.Logf("%s: begins", name)
		result, err := b.play(ctx, c.graph, c.options.Stay, cases[i])
		if err != nil {
			result.Error = err.Error()
			stop()
		}
		results[i] = result
		c.options.Logf("%s", result.Line())
	}
}
