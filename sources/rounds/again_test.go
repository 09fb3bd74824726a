package rounds

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestAgain verifies that all are asked at once when that is wanted, that the answer to what
// was asked before does not count for it, and that rounds go on as before.
func TestAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		r := start(t, Options[string, int]{
			Targets: Fixed("quick", "slow"), Interval: time.Minute,
			Probe: func(ctx context.Context, k string, last int) (int, error) {
				l.ask(k)
				takes := time.Second
				if k == "slow" {
					takes = 10 * time.Second
				}
				return last + 1, sleep(ctx, takes)
			},
		})
		time.Sleep(5 * time.Second)
		r.Again() // while the slow one is still being asked
		for _, want := range []struct {
			after    time.Duration
			starting bool
		}{{2 * time.Second, true}, {5 * time.Second, true}, {9 * time.Second, false}} {
			time.Sleep(want.after)
			if r.Starting() != want.starting {
				t.Errorf("after %s: starting %t, want %t", time.Since(l.begin), r.Starting(), want.starting)
			}
		}
		l.check(t, "quick", 0, 5)
		l.check(t, "slow", 0, 10)
		time.Sleep(50 * time.Second)
		l.check(t, "quick", 0, 5, 60)
	})
}

// TestAgainWhereNobodyAnswers verifies that one that hangs holds up nobody who wants to know
// again, and that nothing is waited for where there is nobody.
func TestAgainWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		defer close(hangs)
		for name, targets := range map[string][]string{"hangs": {"a"}, "nobody": nil} {
			r := start(t, Options[string, int]{
				Targets: Fixed(targets...), Interval: time.Hour, Timeout: time.Second,
				Probe: func(context.Context, string, int) (int, error) { <-hangs; return 0, nil },
			})
			time.Sleep(time.Minute)
			r.Again()
			time.Sleep(time.Second)
			if r.Starting() {
				t.Errorf("%s: it is waited for", name)
			}
		}
	})
}
