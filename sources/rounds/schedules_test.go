package rounds

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/test/schedules"
)

// ways are how targets answer.
type way int

const (
	well     way = iota
	slow         // just within the time
	late         // not until the context ends
	hanging      // whatever the context, until something else is wrong or nothing
	failing      // with an error
	panicing     // not at all
	ways         // how many there are
)

// crowd are targets that come and go and have the faults of a schedule.
type crowd struct {
	timeout time.Duration

	mu      sync.Mutex
	way     map[int]way
	changed chan struct{}
	targets int
}

func (c *crowd) set(s *schedules.Schedule, healed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range 5 {
		c.way[k] = well
		if !healed {
			c.way[k] = way(s.IntN(int(ways)))
		}
	}
	c.targets = 2 + s.IntN(4)
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *crowd) list() ([]int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []int
	for k := range c.targets {
		all = append(all, k)
	}
	return all, true
}

// probe returns the time at which it looked.
func (c *crowd) probe(ctx context.Context, k int, _ time.Time) (time.Time, error) {
	looked := time.Now()
	c.mu.Lock()
	how, changed := c.way[k], c.changed
	c.mu.Unlock()
	switch how {
	case slow:
		time.Sleep(c.timeout - 100*time.Millisecond)
	case late:
		<-ctx.Done()
		return looked, ctx.Err()
	case hanging:
		<-changed
	case failing:
		return looked, errors.New("refused")
	case panicing:
		panic("broken")
	}
	return looked, nil
}

// TestSchedulesOfRounds verifies under random faults that no answer counts that is
// older than its bound, and that all targets answer soon after each healing.
func TestSchedulesOfRounds(t *testing.T) {
	t.Parallel()
	schedules.Run(t, func(t *testing.T, s *schedules.Schedule) {
		interval := s.Between(time.Second, 10*time.Second)
		c := &crowd{timeout: s.Between(time.Second, interval), way: map[int]way{}, changed: make(chan struct{})}
		r := New(Options[int, time.Time]{Targets: c.list, Probe: c.probe, Interval: interval, Timeout: c.timeout, Spread: s.Between(0, interval/2)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { defer close(done); r.Run(ctx) }()
		defer func() { c.set(s, true); cancel(); <-done }()
		// What was looked at in time counts until the answer to the next look is due.
		bound := c.timeout + interval + c.timeout + slack
		recovery := interval + c.timeout + grace + interval/2 + time.Second
		for range 6 {
			c.set(s, false)
			observe(s, r, s.Between(time.Second, 40*time.Second), bound, nil)
			c.set(s, true)
			healed := time.Now()
			observe(s, r, recovery, bound, nil)
			observe(s, r, s.Between(time.Second, 20*time.Second), bound, func(answers map[int]Answer[time.Time]) error {
				targets, _ := c.list()
				for _, k := range targets {
					if a, ok := answers[k]; !ok || a.Err != nil || a.Value.Before(healed) {
						return fmt.Errorf("target %d: %+v", k, a)
					}
				}
				return nil
			})
		}
	})
}

// observe looks at the answers for a while.
func observe(s *schedules.Schedule, r *Rounds[int, time.Time], lasts, bound time.Duration, well func(map[int]Answer[time.Time]) error) {
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		answers := r.Answers()
		for k, a := range answers {
			if age := time.Since(a.Value); a.Err == nil && age > bound {
				s.Violated("the answer of target %d counts and is %s old, the bound is %s", k, age, bound)
			}
		}
		if well == nil {
			continue
		}
		if err := well(answers); err != nil {
			s.Violated("all is well, but %v", err)
		}
	}
}
