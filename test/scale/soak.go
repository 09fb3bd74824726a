package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// moment is what the process held at one time.
type moment struct {
	at time.Duration
	// resident and heap are MiB.
	resident, heap, goroutines, descriptors float64
}

// soak runs the binary for long on a cluster whose pods change, by a way to its API
// server that goes wrong at random, and fails if it holds more and more.
func soak(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	note := notes(stderr)
	way, err := newUnreliable(ctx)
	if err != nil {
		return err
	}
	spec := s.fleet.spec(time.Now())
	spec.Kubelet = way.infect(spec.Kubelet)
	var moments []moment
	var failed, changed int
	err = onFake(ctx, spec, func(ctx context.Context, cluster *fakecluster.Cluster, flags []string) error {
		way.to = strings.TrimPrefix(cluster.RESTConfig().Host, "https://")
		if err := leadBy(way, flags); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		served := make(chan struct{})
		defer func() { cancel(); <-served }()
		go func() { defer close(served); way.serve(ctx, s.seed) }()
		p, err := start(ctx, s.binary, append(append(flags, "--web.listen-address="+fakecluster.Loopback+":0", "--log.level=error"), s.arguments...), io.Discard)
		if err != nil {
			return err
		}
		defer p.stop()
		churning, calm := context.WithCancel(ctx)
		churned := churn(churning, cluster, s)
		note("soaking %s for %s, and %s before", p.url, s.soak, s.warmUp)
		moments, failed, err = watch(ctx, s, p, note)
		calm()
		var churnErr error
		changed, churnErr = churned()
		return errors.Join(err, churnErr)
	})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "%s after %s to warm up, %d changes of pods, %d faults, %d of %d scrapes failed\n",
		s.soak, s.warmUp, changed, way.faults, failed, len(moments)+failed)
	return judgeAll(moments, failed, stdout)
}

// leadBy makes the kubeconfig among the flags lead to the cluster by another way.
func leadBy(way *unreliable, flags []string) error {
	for _, flag := range flags {
		file, ok := strings.CutPrefix(flag, "--kubeconfig=")
		if !ok {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("kubeconfig: %w", err)
		}
		return os.WriteFile(file, []byte(strings.ReplaceAll(string(text), way.to, way.listener.Addr().String())), 0o600)
	}
	return errors.New("no kubeconfig leads to the cluster")
}

// watch scrapes for as long as the settings say, and returns what the process held
// each time once it was warm, and how many scrapes failed.
func watch(ctx context.Context, s settings, p *process, note func(string, ...any)) (moments []moment, failed int, err error) {
	const every = 8 // moments are told
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	for begun := time.Now(); time.Since(begun) < s.warmUp+s.soak; {
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-tick.C:
		}
		scraped, err := p.scrape(ctx, "gzip")
		if err != nil {
			if !p.alive() {
				return nil, 0, fmt.Errorf("it ended after %s: %w", time.Since(begun), err)
			}
			failed++
			continue
		}
		used, err := p.usage()
		if err != nil {
			return nil, 0, err
		}
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.command.Process.Pid))
		if err != nil {
			return nil, 0, fmt.Errorf("descriptors of the process: %w", err)
		}
		if at := time.Since(begun); at > s.warmUp {
			moments = append(moments, moment{at, mebibytes(used.resident), mebibytes(int64(scraped.heap)), scraped.goroutines, float64(len(open))})
			if len(moments)%every == 1 {
				m := moments[len(moments)-1]
				note("%s: %.1f MiB resident, %.1f MiB of heap, %.0f goroutines, %.0f descriptors", at.Round(time.Second), m.resident, m.heap, m.goroutines, m.descriptors)
			}
		}
	}
	return moments, failed, nil
}

// judgeAll prints how each figure changed, and fails if one grows.
func judgeAll(moments []moment, failed int, stdout io.Writer) error {
	var grows []string
	for _, figure := range []struct {
		name, unit string
		of         func(moment) float64
	}{
		{"resident memory", "MiB", func(m moment) float64 { return m.resident }},
		{"heap in use", "MiB", func(m moment) float64 { return m.heap }},
		{"goroutines", "", func(m moment) float64 { return m.goroutines }},
		{"descriptors", "", func(m moment) float64 { return m.descriptors }},
	} {
		t := trendOf(moments, figure.of)
		verdict := "steady"
		if t.grows() {
			verdict = "grows"
			grows = append(grows, figure.name)
		}
		_, _ = fmt.Fprintf(stdout, "%-16s mean %7.1f %-3s  slope %+6.2f ± %.2f an hour (%+.1f %%)  %s\n",
			figure.name, t.mean, figure.unit, t.slope, t.uncertainty, 100*t.slope/t.mean, verdict)
	}
	switch {
	case failed > 0:
		return fmt.Errorf("%d scrapes failed", failed)
	case len(grows) > 0:
		return fmt.Errorf("it grows: %s", strings.Join(grows, ", "))
	}
	return nil
}

// trend is a line through a figure, by least squares.
type trend struct {
	mean float64
	// slope is the growth in an hour, and uncertainty two standard errors of it.
	slope, uncertainty float64
}

// grows tells whether the slope is surely above zero, and matters: it would take
// less than two days to double the figure.
func (t trend) grows() bool {
	const matters = 0.02
	return t.slope-t.uncertainty > 0 && t.slope > matters*t.mean
}

// trendOf needs three moments at least.
func trendOf(moments []moment, of func(moment) float64) trend {
	n := float64(len(moments))
	var meanX, meanY float64
	for _, m := range moments {
		meanX, meanY = meanX+m.at.Hours()/n, meanY+of(m)/n
	}
	var xx, xy, residuals float64
	for _, m := range moments {
		x := m.at.Hours() - meanX
		xx, xy = xx+x*x, xy+x*(of(m)-meanY)
	}
	t := trend{mean: meanY, slope: xy / xx}
	for _, m := range moments {
		r := of(m) - meanY - t.slope*(m.at.Hours()-meanX)
		residuals += r * r
	}
	t.uncertainty = 2 * math.Sqrt(residuals/(n-2)/xx)
	return t
}
