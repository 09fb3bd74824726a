package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// measured is what was measured.
type measured struct {
	settings  settings
	converged converged
	// calm is the same as steady while no pods change; it is watched where they do later.
	calm    steady
	steady  steady
	scrapes []sample
	usage   usage
	page    page
	churned int
}

// write prints one figure a line: its name, its value.
func (r *measured) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...)
	}
	s := r.settings
	s.fleet.write(line)
	line("kubelet metrics body", "%d bytes", len(kubeletMetrics()))
	line("kubelet summary body", "%d bytes", len(kubeletSummary()))
	line("flags of the binary", "%s", strings.Join(s.arguments, " "))
	line("changes of pods", "%g/s asked for, %d made", s.churn, r.churned)
	line("sources available after", "%s", r.converged.sources.Round(time.Millisecond))
	line("kubelets read after", "%s", r.converged.kubelets.Round(time.Millisecond))
	last := r.scrapes[len(r.scrapes)-1]
	line("series", "%d", last.series)
	line("body", "%d bytes", last.whole)
	line("body, gzip", "%d bytes", last.wire)
	r.writeTimes(line)
	line("resident memory, steady state", "%.1f MiB", mebibytes(r.steady.resident))
	line("resident memory, after the timed scrapes", "%.1f MiB", mebibytes(r.usage.resident))
	line("resident memory, peak", "%.1f MiB", mebibytes(r.usage.peak))
	line("status page", "%s for a look, %s again within some seconds, %d bytes",
		r.page.look.Round(time.Millisecond), r.page.shown.Round(time.Millisecond), r.page.size)
	line("resident memory, peak after the status page", "%.1f MiB", mebibytes(r.page.peak))
	line("heap in use", "%.1f MiB", mebibytes(int64(last.heap)))
	line("goroutines", "%.0f", last.goroutines)
	line("CPU in the steady state", "%.2f s/min (over %s, %d scrapes)",
		r.steady.cpu.Seconds()/r.steady.took.Minutes(), r.steady.took.Round(time.Second), r.steady.scrapes)
	if r.calm.took > 0 {
		line("CPU in the steady state, before pods changed", "%.2f s/min", r.calm.cpu.Seconds()/r.calm.took.Minutes())
		line("CPU for the changes of pods", "%.1f %% of one core", 100*(r.steady.share()-r.calm.share()))
	}
	line("CPU since the start", "%.1f s", r.usage.cpu.Seconds())
	if len(last.failed) > 0 {
		_ = t.Flush()
		return fmt.Errorf("collectors failed: %s", strings.Join(last.failed, ", "))
	}
	return t.Flush()
}

func (r *measured) writeTimes(line func(name, format string, args ...any)) {
	for _, encoding := range []string{"identity", "gzip"} {
		var seconds []float64
		for _, s := range r.scrapesIn(encoding) {
			seconds = append(seconds, s.took.Seconds())
		}
		line("scrape, "+encoding, "%s", spread(seconds))
	}
	for _, name := range slices.Sorted(maps.Keys(r.scrapes[0].collectors)) {
		var seconds []float64
		for _, s := range r.scrapes {
			seconds = append(seconds, s.collectors[name])
		}
		line("collector "+name, "%s", spread(seconds))
	}
}

// scrapesIn are the scrapes in an encoding.
func (r *measured) scrapesIn(encoding string) []sample {
	return slices.DeleteFunc(slices.Clone(r.scrapes), func(s sample) bool { return s.encoding != encoding })
}

// middle is the median time of scrapes.
func middle(scrapes []sample) time.Duration {
	var times []time.Duration
	for _, s := range scrapes {
		times = append(times, s.took)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func milliseconds(d time.Duration) float64 { return 1000 * d.Seconds() }

// spread is the least, the middle and the greatest of some durations.
func spread(seconds []float64) string {
	slices.Sort(seconds)
	return fmt.Sprintf("min %.1f ms, median %.1f ms, max %.1f ms",
		1e3*seconds[0], 1e3*seconds[len(seconds)/2], 1e3*seconds[len(seconds)-1])
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// write prints how large the cluster is.
func (f fleet) write(line func(name, format string, args ...any)) {
	line("nodes", "%d", f.nodes)
	line("pods", "%d", f.pods)
	line("horizontalpodautoscalers", "%d", f.hpas)
	line("API servers", "%d, %d series each", f.apiServers, f.apiServerSeries)
}
