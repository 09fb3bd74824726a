package humanize_test

import (
	"math"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/humanize"
)

func TestValue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	unix := func(ago time.Duration) float64 { return float64(now.Add(-ago).Unix()) }
	r := humanize.Reader{Words: humanize.English(), Now: now}
	for _, test := range []struct {
		metric string
		value  float64
		want   string
	}{
		{"pods", 12, "12"},
		{"pods", 2.451550918e+09, "2451550918"},
		{"ratio", 0.123456, "0.1235"},
		{"up", math.NaN(), "NaN"},
		{"up", math.Inf(1), "+Inf"},
		{"memory_bytes", 2451550918, "2.283 GiB"},
		{"memory_bytes", -1536, "-1.5 KiB"},
		{"memory_bytes", 12, "12 B"},
		{"took_seconds", 0.25, "0.25 s"},
		{"start_timestamp_seconds", unix(12 * time.Second), "2026-03-04 05:05:55 UTC (12s ago)"},
		{"start_timestamp_seconds", unix(62 * time.Minute), "2026-03-04 04:04:07 UTC (1h2m ago)"},
		{"expiry_timestamp_seconds", unix(-31 * time.Hour), "2026-03-05 12:06:07 UTC (in 1d7h)"},
	} {
		if got := r.Value(test.metric, test.value); got != test.want {
			t.Errorf("%s %v: %q, want %q", test.metric, test.value, got, test.want)
		}
	}
	r.Words = humanize.Chinese()
	for age, want := range map[time.Duration]string{
		48*time.Minute + 17*time.Second: "48 分 17 秒前", 5 * time.Minute: "5 分鐘前", -time.Hour: "1 小時後", 27 * time.Hour: "1 天 3 小時前", 0: "0 秒前",
	} {
		if got := r.Age(now.Add(-age)); got != want {
			t.Errorf("%s in Chinese: %q, want %q", age, got, want)
		}
	}
	r.Words = humanize.English()
	if got := r.Age(time.Time{}); got != "never" {
		t.Errorf("no time: %q", got)
	}
}
