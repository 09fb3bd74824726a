package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/test/schedules"
)

// manners are what a collector may do.
type manner int

const (
	orderly  manner = iota
	slow            // longer than one scrape waits, and shorter than another
	hanging         // until something else is wrong with it, or nothing
	failing         // after half of its metrics
	partly          // tells what it can
	panicing        // after half of its metrics
	flooding        // very many metrics
	manners         // how many there are
)

const (
	scheduledMetrics = 4
	flood            = 300
	// longest is the most that a scrape may take.
	longest = 10 * time.Second
)

// scheduled is a collector that tells when it looked.
type scheduled struct {
	looked *Desc

	running atomic.Int32
	mu      sync.Mutex
	manner  manner
	changed chan struct{}
	pause   time.Duration
	twice   bool
}

func (c *scheduled) set(m manner, pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.manner, c.pause = m, pause
	close(c.changed)
	c.changed = make(chan struct{})
}

// Collect implements Collector.
func (c *scheduled) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	looked := float64(time.Now().UnixMilli())
	c.mu.Lock()
	m, changed, pause := c.manner, c.changed, c.pause
	c.twice = c.running.Add(1) > 1 || c.twice
	c.mu.Unlock()
	defer c.running.Add(-1)
	n := scheduledMetrics
	switch m {
	case slow:
		time.Sleep(pause)
	case hanging:
		<-changed
	case flooding:
		n = flood
	}
	for i := range n {
		if i == scheduledMetrics/2 {
			switch m {
			case failing:
				return errors.New("broken")
			case panicing:
				panic("broken")
			case partly:
				return Incomplete(errors.New("the rest cannot be read"))
			}
		}
		ch <- c.looked.Sample(looked, fmt.Sprint(i))
	}
	return nil
}

// TestSchedulesOfTheFrame verifies under random faults of collectors and scrapes that
// come at random that each scrape ends in time, that what it tells is no older than a
// run may take, that nothing is told of a run that came to nothing, and that all is
// told again once all is well.
func TestSchedulesOfTheFrame(t *testing.T) {
	t.Parallel()
	schedules.Run(t, func(_ *testing.T, s *schedules.Schedule) {
		var named []Named
		var all []*scheduled
		for i := range 3 {
			c := &scheduled{looked: NewGauge(fmt.Sprintf("c%d", i), "looked", "When it looked.", "n"), changed: make(chan struct{})}
			all = append(all, c)
			named = append(named, Named{Name: fmt.Sprintf("c%d", i), Collector: c, Metrics: []*Desc{c.looked}})
		}
		frame := NewFrame(named, slog.New(slog.DiscardHandler))
		var scrapes sync.WaitGroup
		var mu sync.Mutex
		for range 2 {
			for range 6 {
				for _, c := range all {
					c.set(manner(s.IntN(int(manners))), s.Between(time.Second, 2*longest))
				}
				timeout := s.Between(time.Second, longest)
				scrapes.Go(func() {
					begun := time.Now()
					told, err := scrapeOnce(frame, timeout)
					mu.Lock()
					defer mu.Unlock()
					told.check(s, err, time.Since(begun), timeout)
				})
				time.Sleep(s.Between(0, 6*time.Second))
			}
			for _, c := range all {
				c.set(orderly, 0)
			}
			time.Sleep(2*longest + time.Second) // the longest run ends
			told, err := scrapeOnce(frame, longest)
			mu.Lock()
			for i := range all {
				if name := fmt.Sprintf("c%d", i); err != nil || !told.success[name] || len(told.looked[name]) != scheduledMetrics {
					s.Violated("all is well, but collector %s tells %v, %v", name, told.looked[name], err)
				}
			}
			mu.Unlock()
		}
		scrapes.Wait()
		for i, c := range all {
			if c.twice {
				s.Violated("collector %d ran twice at a time", i)
			}
		}
	})
}

// told is what a scrape says: when collectors looked, and whether they told all.
type told struct {
	looked  map[string][]time.Time
	success map[string]bool
}

func scrapeOnce(frame *Frame, timeout time.Duration) (told, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	families, err := frame.Gather(ctx)
	t := told{map[string][]time.Time{}, map[string]bool{}}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			t.take(f.GetName(), m)
		}
	}
	return t, err
}

func (t told) take(name string, m *dto.Metric) {
	var collector int
	if name == Namespace+"_scrape_collector_success" {
		t.success[Label(m, "collector")] = m.GetGauge().GetValue() == 1
	}
	if _, err := fmt.Sscanf(name, Namespace+"_c%d_looked", &collector); err == nil {
		key := fmt.Sprintf("c%d", collector)
		t.looked[key] = append(t.looked[key], time.UnixMilli(int64(m.GetGauge().GetValue())))
	}
}

// check notes what is wrong with one scrape.
func (t told) check(s *schedules.Schedule, err error, took, timeout time.Duration) {
	if err != nil || took > timeout+100*time.Millisecond {
		s.Violated("a scrape with a timeout of %s took %s: %v", timeout, took, err)
	}
	if len(t.success) != 3 {
		s.Violated("%d collectors tell whether they told all, want 3", len(t.success))
	}
	for name, looked := range t.looked {
		whole := len(looked) == scheduledMetrics || len(looked) == flood
		if t.success[name] != whole || !whole && len(looked) != scheduledMetrics/2 {
			s.Violated("collector %s tells %d metrics, success %t", name, len(looked), t.success[name])
		}
		for _, at := range looked {
			// A run that another scrape began, and then the wait for other collectors.
			if age := time.Since(at); age > 2*longest {
				s.Violated("collector %s tells what is %s old", name, age)
				break
			}
		}
	}
}
