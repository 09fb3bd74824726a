// Package faults makes a lab ill in one way at a time, and well again. Each fault says by
// which alert it is to be named.
package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// healing undoes what a fault did. It waits until what it starts is ready, and for no more.
type healing func(context.Context) error

// Fault is one thing that goes wrong.
type Fault struct {
	// Name is one word, with dashes.
	Name string
	// What it is, in one sentence without its stop.
	What string
	// Alert is that of the cause, and Labels some of those that it then bears.
	Alert  string
	Labels map[string]string
	// Sign is the first thing that is to be seen of it among the metrics of kubevitals;
	// none has a name where it shows elsewhere, or nowhere.
	Sign Sign
	// Strikes is the part of the lab that goes wrong.
	Strikes Part
	// Watched is whether that is an object of the API which the fault changes itself, and
	// which is watched. What is not is asked for at intervals, or missed after some time,
	// and what others write of the fault they write later.
	Watched bool

	inject func(context.Context, *Lab) (healing, error)
}

// Sign is a sample that tells of a fault: a metric without its prefix, some of its labels,
// and its value, unless any will do.
type Sign struct {
	Metric string
	Labels map[string]string
	Value  float64
	Any    bool
}

// In tells whether the sample is in a scrape of kubevitals.
func (s Sign) In(families map[string]*dto.MetricFamily) bool {
	for _, m := range families["kubevitals_"+s.Metric].GetMetric() {
		value := m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
		if (s.Any || value == s.Value) && s.bears(m) {
			return true
		}
	}
	return false
}

func (s Sign) bears(m *dto.Metric) bool {
	n := 0
	for _, l := range m.Label {
		want, ok := s.Labels[l.GetName()]
		if ok && want != l.GetValue() {
			return false
		}
		if ok {
			n++
		}
	}
	return n == len(s.Labels)
}

// Part is one of the lab.
type Part string

// The parts. What strikes the first three hides, or brings about, much of what strikes others.
const (
	ControlPlane Part = "control plane"
	Etcd         Part = "etcd"
	Exporter     Part = "kubevitals"
	Nodes        Part = "nodes"
	Pods         Part = "pods"
	Admission    Part = "admission"
	Autoscaling  Part = "autoscaling"
	DNS          Part = "DNS"
)

// All are the faults, in the order of what they strike.
func All() []Fault {
	var all []Fault
	for _, part := range []struct {
		Part
		faults []Fault
	}{
		{ControlPlane, controlPlane()}, {Etcd, etcd()}, {Nodes, nodes()}, {Pods, pods()}, {Admission, admission()},
		{Autoscaling, autoscaling()}, {DNS, dns()}, {Exporter, exporter()},
	} {
		for _, f := range part.faults {
			f.Strikes = part.Part
			all = append(all, f)
		}
	}
	return all
}

// Select returns the faults whose names are given, separated by commas; all if none is.
func Select(names string) ([]Fault, error) {
	all := All()
	if names == "" {
		return all, nil
	}
	var chosen []Fault
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no fault %s", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// startTime is what a component that was killed may take to be ready.
const startTime = 2 * time.Minute

// Inject makes the lab ill. A fault that is there already is an error.
func (l *Lab) Inject(ctx context.Context, f Fault) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.healings[f.Name]; ok {
		return fmt.Errorf("%s is there already", f.Name)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	heal, err := f.inject(ctx, l)
	if err != nil {
		return fmt.Errorf("inject %s: %w", f.Name, err)
	}
	l.healings[f.Name] = heal
	return nil
}

// Heal undoes a fault, and returns when what it starts again is ready.
func (l *Lab) Heal(ctx context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	heal, ok := l.healings[name]
	if !ok {
		return fmt.Errorf("heal %s: it is not there", name)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := heal(ctx); err != nil {
		return fmt.Errorf("heal %s: %w", name, err)
	}
	delete(l.healings, name)
	return nil
}

// Injected are the names of the faults that are there, sorted.
func (l *Lab) Injected() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name := range l.healings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// errMissing is of a lab that was started without what a fault strikes.
var errMissing = errors.New("this lab has none of that")
