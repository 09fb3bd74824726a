package exporter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
)

// sent are samples as a collector sends them.
type sent []prometheus.Metric

func (s sent) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range s {
		ch <- m.Desc()
	}
}

func (s sent) Collect(ch chan<- prometheus.Metric) {
	for _, m := range s {
		ch <- m
	}
}

// collector sends them to a frame.
func (s sent) named(name string) Named {
	n := Named{Name: name, Collector: collectorFunc(func(_ context.Context, ch chan<- prometheus.Metric) error { s.Collect(ch); return nil })}
	for _, m := range s {
		if one, ok := m.(*sample); ok && !slices.Contains(n.Metrics, one.of) {
			n.Metrics = append(n.Metrics, one.of)
		}
	}
	return n
}

// anySamples makes samples of some metrics, in no order.
func anySamples(random *rand.Rand) sent {
	texts := []string{"", "a", "b", `quo"ted`, `back\slash`, "line\nbreak", "節點", "a b", "…", "~"}
	values := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 999999, -999999, 999999.5, 1e6, -1e6, 1e21, 1e-9, 12345678, math.Inf(1), math.Inf(-1), math.NaN(), 1.5e300}
	labels := [][]string{nil, {"node"}, {"node", "cause"}, {"z", "a", "m"}}
	var all sent
	for i := range 1 + random.IntN(6) {
		d := NewGauge("any", fmt.Sprintf("m%d_%d", random.IntN(1000), i), "Help of "+texts[random.IntN(len(texts))], labels[random.IntN(len(labels))]...)
		if random.IntN(3) == 0 {
			d = NewCounter("any", fmt.Sprintf("m%d_%d_total", random.IntN(1000), i), d.Help, d.Labels...)
		}
		seen := map[string]bool{}
		for range 1 + random.IntN(20) {
			own := make([]string, len(d.Labels))
			for j := range own {
				own[j] = texts[random.IntN(len(texts))]
			}
			if key := strings.Join(own, "\xff"); !seen[key] {
				seen[key] = true
				value := values[random.IntN(len(values))]
				if d.Type == prometheus.CounterValue {
					value = math.Abs(value)
				}
				if one, told := d.Sample(value, own...).(*sample); told {
					all = append(all, one)
				}
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// TestTextIsThatOfARegistry verifies that what is written is to the byte what a
// registry and expfmt make of the same samples, in each format.
func TestTextIsThatOfARegistry(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		samples := anySamples(rand.New(rand.NewPCG(seed, 0)))
		registry := prometheus.NewPedanticRegistry()
		if err := registry.Register(samples); err != nil {
			t.Fatal(err)
		}
		want, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		families, err := FamiliesOf(samples...)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range expfmt.DefaultOpenMetricsAcceptedFormats() {
			wrote := map[string]*bytes.Buffer{"registry": {}, "families": {}}
			for name, e := range map[string]exposition{"registry": {process: want}, "families": {families: families}} {
				if err := e.write(wrote[name], format); err != nil {
					t.Fatalf("seed %d, %s: %v", seed, format, err)
				}
			}
			if diff := cmp.Diff(wrote["registry"].String(), wrote["families"].String()); diff != "" {
				t.Fatalf("seed %d, %s (-registry +families):\n%s", seed, format, diff)
			}
		}
	}
}

// TestWhatShouldNotBeSent verifies that samples are left out and told of that would
// make a scrape invalid, and cost no other.
func TestWhatShouldNotBeSent(t *testing.T) {
	t.Parallel()
	other := NewGauge("test", "other", "Another thing.")
	for name, tt := range map[string]struct {
		collectors []Named
		log        string
	}{
		"the same twice": {[]Named{sent{thing.Sample(1, "fine"), thing.Sample(1, "fine")}.named("one")}, "kubevitals_test_thing: 1 samples have the labels of another"},
		"the same by two collectors": {
			[]Named{sent{thing.Sample(1, "fine")}.named("one"), sent{thing.Sample(1, "fine")}.named("two")},
			"kubevitals_test_thing: 1 samples have the labels of another",
		},
		"not declared": {[]Named{named("one", func(_ context.Context, ch chan<- prometheus.Metric) error {
			ch <- thing.Sample(1, "fine")
			ch <- other.Sample(1)
			return nil
		})}, "kubevitals_test_other is not declared"},
		"a metric that no Desc made": {[]Named{named("one", func(_ context.Context, ch chan<- prometheus.Metric) error {
			ch <- thing.Sample(1, "fine")
			ch <- prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubevitals_test_other"})
			return nil
		})}, "which no Desc made"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			h, err := Handler(t.Context(), NewFrame(tt.collectors, logger), Options{Timeout: time.Minute, Self: prometheus.NewRegistry()}, logger)
			if err != nil {
				t.Fatal(err)
			}
			body := get(t, h, "/metrics").Body.String()
			wantLines(t, body, []string{`kubevitals_test_thing{name="fine"} 1`}, "other")
			if n := strings.Count(body, "thing{"); n != 1 {
				t.Errorf("%d samples, want one:\n%s", n, body)
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("the log does not say %q:\n%s", tt.log, log.String())
			}
			if problems, err := promlint.New(strings.NewReader(body)).Lint(); err != nil || len(problems) > 0 {
				t.Errorf("%v, %v", problems, err)
			}
		})
	}
}

// TestOnlySomeMetrics verifies that whoever asks for some metrics gets them, runs no
// collector that sends none of them, and is not taken for a scrape of everything.
func TestOnlySomeMetrics(t *testing.T) {
	t.Parallel()
	other, ran, gathered := NewGauge("test", "other", "Another thing."), 0, 0
	slow := Named{Name: "slow", Metrics: []*Desc{other}, Collector: collectorFunc(func(_ context.Context, ch chan<- prometheus.Metric) error {
		ran++
		ch <- other.Sample(1)
		return nil
	})}
	h := serve(t, Options{Self: NewSelf(), Gathered: func(Families) { gathered++ }}, good("fine"), slow)
	body := get(t, h, "/metrics?name[]=go_goroutines&name[]=kubevitals_test_thing").Body.String()
	wantLines(t, body, []string{"# TYPE go_goroutines gauge", `kubevitals_test_thing{name="fine"} 1`}, "collector_success", "process_", "other")
	if ran != 0 || gathered != 0 {
		t.Errorf("another collector ran %d times, and %d scrapes count as whole", ran, gathered)
	}
	body = get(t, h, "/metrics?name[]=kubevitals_scrape_collector_success").Body.String()
	wantLines(t, body, []string{`kubevitals_scrape_collector_success{collector="slow"} 1`, `kubevitals_scrape_collector_success{collector="fine"} 1`}, "other")
	if get(t, h, "/metrics"); ran != 2 || gathered != 1 {
		t.Errorf("the other collector ran %d times, want 2, and %d scrapes count as whole, want 1", ran, gathered)
	}
}

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "gzip": true, "deflate, gzip;q=1.0, *;q=0.5": true, "gzip;q=0": false, "gzip; q=0.2": true, "br": false, "*": true,
		"gzip;q=x": false, "identity": false, "zstd,gzip": true,
	} {
		if got := acceptsGzip(http.Header{"Accept-Encoding": {text}}); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// broken is a connection that breaks.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestBrokenConnections verifies that writing ends with the connection.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	families, err := FamiliesOf(thing.Sample(1, "fine"))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range expfmt.DefaultOpenMetricsAcceptedFormats() {
		if err := (exposition{families: families}).write(broken{}, format); err == nil {
			t.Errorf("%s: no error", format)
		}
	}
}
