package rounds

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestDeadlines verifies that a probe has a deadline, and that a target which is
// still being asked is asked again when it has answered, and not twice at a time.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		r := start(t, Options[string, int]{
			Targets: Fixed("slow", "fast"), Interval: 10 * time.Second, Timeout: 15 * time.Second,
			Probe: func(ctx context.Context, k string, _ int) (int, error) {
				l.ask(k)
				if k == "slow" {
					return 0, sleep(ctx, time.Hour)
				}
				return 1, nil
			},
		})
		time.Sleep(44 * time.Second)
		l.check(t, "fast", 0, 10, 20, 30, 40)
		l.check(t, "slow", 0, 15, 30)
		if err := r.Answers()["slow"].Err; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the slow target came to %v", err)
		}
	})
}

// TestTroubleOfOneTarget verifies that a target whose probe panics, and one whose
// probe never comes back, have an answer that says so and cost no other its own,
// not even a place among the few.
func TestTroubleOfOneTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		release := make(chan struct{})
		reported := make(chan error, 100)
		r := start(t, Options[string, int]{
			Targets: Fixed("hangs", "panics", "well"), Interval: 10 * time.Second, Timeout: 5 * time.Second, Concurrency: 1,
			Probe: func(_ context.Context, k string, last int) (int, error) {
				n := l.ask(k)
				switch {
				case k == "hangs" && n == 2:
					<-release
				case k == "panics" && n > 1:
					panic("on purpose")
				}
				return last + 1, nil
			},
			Answered: func(k string, a Answer[int]) {
				if k == "hangs" {
					reported <- a.Err
				}
			},
		})
		time.Sleep(38 * time.Second)
		got := r.Answers()
		if a := got["hangs"]; health.Classify(a.Err) != health.Timeout || a.Value != 1 {
			t.Errorf("the one that hangs: %+v", a)
		}
		if a := got["panics"]; health.Classify(a.Err) != health.Failed || a.Value != 1 {
			t.Errorf("the one that panics: %+v", a)
		}
		if a := got["well"]; a.Err != nil || a.Value != 4 {
			t.Errorf("the one that is well: %+v", a)
		}
		l.check(t, "hangs", 0, 10)
		close(release)
		time.Sleep(10 * time.Second)
		if a := r.Answers()["hangs"]; a.Err != nil || a.Value != 2 {
			t.Errorf("after it came back: %+v, want the answer of the round after", a)
		}
		for i, want := range []bool{true, false, false, false, true} { // it is told in every round that it still hangs
			if err := <-reported; (err == nil) != want {
				t.Errorf("report %d: %v, want success %t", i, err, want)
			}
		}
	})
}

// TestConcurrency verifies that no more probes than allowed are under way.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		targets := make([]string, 10)
		for i := range targets {
			targets[i] = fmt.Sprint(i)
		}
		r := start(t, Options[string, int]{
			Targets: Fixed(targets...), Interval: time.Minute, Concurrency: 3,
			Probe: func(ctx context.Context, _ string, _ int) (int, error) {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				err := sleep(ctx, time.Second)
				mu.Lock()
				defer mu.Unlock()
				now--
				return 0, err
			},
		})
		time.Sleep(3500 * time.Millisecond)
		if !r.Starting() {
			t.Error("ten targets, three at a time, are through in less than four seconds")
		}
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if r.Starting() || most != 3 {
			t.Errorf("starting %t, %d at a time; want false, 3", r.Starting(), most)
		}
	})
}

// TestOldAnswers verifies that an answer which was not replaced in time is not
// believed, by the clock that was given.
func TestOldAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		r := start(t, Options[string, int]{
			Targets: Fixed("a"), Interval: time.Minute, Timeout: 8 * time.Second,
			Now:   func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
			Probe: func(context.Context, string, int) (int, error) { return 7, nil },
		})
		synctest.Wait()
		for after, want := range map[time.Duration]health.Reason{70 * time.Second: health.Available, 71 * time.Second: health.Stale} {
			ahead.Store(int64(after))
			if a := r.Answers()["a"]; health.Classify(a.Err) != want || a.Value != 7 {
				t.Errorf("after %s: %+v, want %s", after, a, want)
			}
		}
	})
}

// TestEnd verifies that Run ends with its context though a probe hangs, that what
// was cut off leaves no answer, and that another Run begins anew.
func TestEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var hang atomic.Bool
		var answered atomic.Int32
		r := New(Options[string, int]{
			Targets: Fixed("heeds", "hangs"), Interval: time.Minute,
			Probe: func(ctx context.Context, k string, _ int) (int, error) {
				switch {
				case !hang.Load():
					return 1, nil
				case k == "hangs":
					<-release
				}
				<-ctx.Done()
				return 2, ctx.Err()
			},
			Answered: func(string, Answer[int]) { answered.Add(1) },
		})
		hang.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		r.Run(ctx)
		if took := time.Since(begun); took > time.Second+grace || len(r.Answers()) != 0 || !r.Starting() || answered.Load() != 0 {
			t.Errorf("ended after %s with %v, starting %t, %d told", took, r.Answers(), r.Starting(), answered.Load())
		}
		hang.Store(false)
		again, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		r.Run(again)
		if diff := cmp.Diff(map[string]int{"heeds": 1, "hangs": 1}, values(r)); diff != "" {
			t.Errorf("answers of the second run:\n%s", diff)
		}
	})
}
