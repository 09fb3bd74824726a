package main

import (
	"bytes"
	"math"
	"testing"
	"time"
)

// TestTrend verifies that the slope of a line is found beneath noise, and that what
// only swings does not count as growth.
func TestTrend(t *testing.T) {
	t.Parallel()
	moments := func(growth, swing float64) []moment {
		var all []moment
		for i := range 200 {
			at := time.Duration(i) * 15 * time.Second
			all = append(all, moment{at, 100 + growth*at.Hours() + swing*math.Sin(float64(i)), 40, 50, 10})
		}
		return all
	}
	for _, test := range []struct {
		growth, swing float64
		grows         bool
	}{{0, 5, false}, {6, 5, true}, {-6, 5, false}, {1, 0.1, false}, {3, 0, true}} {
		got := trendOf(moments(test.growth, test.swing), func(m moment) float64 { return m.resident })
		if math.Abs(got.slope-test.growth) > got.uncertainty+1e-9 || got.grows() != test.grows {
			t.Errorf("%+v: %+v", test, got)
		}
	}
	var out bytes.Buffer
	if err := judgeAll(moments(6, 5), 0, &out); err == nil {
		t.Errorf("no failure of what grows:\n%s", &out)
	}
	if err := judgeAll(moments(0, 5), 0, &out); err != nil {
		t.Errorf("%v:\n%s", err, &out)
	}
	if err := judgeAll(moments(0, 5), 1, &out); err == nil {
		t.Error("no failure of a scrape that failed")
	}
}
