package exporter

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

func TestLabelValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", LabelLimit)
	for _, value := range []string{"", "node-1", "größe", long, long[:LabelLimit-3] + "…"} {
		if got := labelValue(value); got != value {
			t.Errorf("%q is changed to %q", value, got)
		}
	}
	changed := []string{
		long + "a", long + "b", strings.Repeat("a", 1<<20), "\xff", "\xfe", strings.Repeat("é", LabelLimit), "a" + strings.Repeat("é", LabelLimit),
		strings.Repeat("\xff", 1<<10), long[1:] + "\xff", strings.Repeat("…", LabelLimit),
	}
	seen := map[string]string{}
	for _, value := range changed {
		got := labelValue(value)
		if len(got) > LabelLimit || !utf8.ValidString(got) || !strings.Contains(got, "…") {
			t.Errorf("%d bytes, valid is %t: %q", len(got), utf8.ValidString(got), got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%.20q and %.20q become one", value, other)
		}
		seen[got] = value
		if labelValue(value) != got {
			t.Errorf("%.20q is cut in two ways", value)
		}
	}
	values := []string{"a", long + "x"}
	d := NewGauge("test", "two", "Has two labels.", "first", "second")
	if newSample(d, 1, values).labels[1] == values[1] || values[1] != long+"x" {
		t.Error("the caller's values are changed")
	}
}

// TestBadValuesAreLeftOut verifies that what cannot be is counted and not told, and
// that one bad value costs no other.
func TestBadValuesAreLeftOut(t *testing.T) {
	t.Parallel()
	at := NewGauge("test", "seen_timestamp_seconds", "A time.", "name")
	expiry := NewGauge("test", "certificate_expiry_timestamp_seconds", "A time to come.", "name")
	size := NewGauge("test", "size_bytes", "A size.", "name")
	share := NewGauge("test", "headroom_ratio", "A share.", "name")
	c := named("bad", func(_ context.Context, ch chan<- prometheus.Metric) error {
		for i, m := range []struct {
			desc  *Desc
			value float64
		}{
			{at, -62_135_596_800}, {at, 7_258_118_400}, {at, math.NaN()}, {size, -1}, {size, math.Inf(1)}, {share, math.Inf(-1)},
			{at, 0}, {at, 1_800_000_000}, {expiry, 253_402_300_799}, {size, 0}, {share, -1},
		} {
			ch <- m.desc.Sample(m.value, fmt.Sprint(i))
		}
		ch <- LeftOut(3)
		ch <- LeftOut(4)
		ch <- thing.Sample(1, strings.Repeat("n", 300))
		return nil
	})
	c.Metrics = append(c.Metrics, at, expiry, size, share)
	body := get(t, serve(t, Options{}, c, good("fine")), "/metrics").Body.String()
	wantLines(t, body, []string{
		`kubevitals_scrape_collector_success{collector="bad"} 1`,
		`kubevitals_scrape_series_left_out{collector="bad",reason="invalid"} 6`,
		`kubevitals_scrape_series_left_out{collector="bad",reason="bound"} 7`,
		`kubevitals_test_seen_timestamp_seconds{name="6"} 0`,
		`kubevitals_test_certificate_expiry_timestamp_seconds{name="8"} 2.53402300799e+11`,
		`kubevitals_test_headroom_ratio{name="10"} -1`,
	}, strings.Repeat("n", LabelLimit), `name="1"`, `name="3"`, `series_left_out{collector="fine"`)
	if !strings.Contains(body, strings.Repeat("n", 150)) {
		t.Error("the long name is not cut, but gone")
	}
}

// FuzzLabelValue verifies that each value leaves in UTF-8 and in bounds, and unchanged if
// it was so before.
func FuzzLabelValue(f *testing.F) {
	f.Add("node-1")
	f.Add(strings.Repeat("é", LabelLimit) + "\xff")
	f.Fuzz(func(t *testing.T, value string) {
		got := labelValue(value)
		if fine := len(value) <= LabelLimit && utf8.ValidString(value); fine != (got == value) || len(got) > LabelLimit || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q", value, got)
		}
	})
}
