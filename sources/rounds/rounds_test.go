package rounds

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// start runs rounds until the test ends.
func start(t *testing.T, o Options[string, int]) *Rounds[string, int] {
	t.Helper()
	r := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

// log notes when, in seconds since the start, each target was asked.
type log struct {
	mu    sync.Mutex
	begin time.Time
	asked map[string][]float64
}

func newLog() *log { return &log{begin: time.Now(), asked: map[string][]float64{}} }

func (l *log) ask(target string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[target] = append(l.asked[target], time.Since(l.begin).Seconds())
	return len(l.asked[target])
}

func (l *log) check(t *testing.T, target string, want ...float64) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(want, l.asked[target]); diff != "" {
		t.Errorf("times at which %s was asked (-want +got):\n%s", target, diff)
	}
}

// sleep takes its time and no more than it has.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func values(r *Rounds[string, int]) map[string]int {
	got := map[string]int{}
	for k, a := range r.Answers() {
		got[k] = a.Value
	}
	return got
}

// TestRounds verifies that the first round comes at once and the others an interval
// after it, and that each answer replaces the one before and gets to see it.
func TestRounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		r := start(t, Options[string, int]{
			Targets: Fixed("a", "b", "a"), Interval: 10 * time.Second,
			Probe: func(ctx context.Context, k string, last int) (int, error) {
				l.ask(k)
				return last + 1, sleep(ctx, time.Second)
			},
		})
		synctest.Wait()
		if len(r.Answers()) != 0 || !r.Starting() {
			t.Errorf("before the first answer: %v, starting %t", r.Answers(), r.Starting())
		}
		time.Sleep(25 * time.Second)
		l.check(t, "a", 0, 10, 20)
		l.check(t, "b", 0, 10, 20)
		if diff := cmp.Diff(map[string]int{"a": 3, "b": 3}, values(r)); diff != "" || r.Starting() {
			t.Errorf("starting %t, answers:\n%s", r.Starting(), diff)
		}
		if at := r.Answers()["a"].At; !at.Equal(l.begin.Add(21 * time.Second)) {
			t.Errorf("answered at %s, want the end of the probe", at.Sub(l.begin))
		}
	})
}

// TestTargetsThatAreStillStarting verifies that they are looked for again soon, that
// those which were found are not asked more often meanwhile, and that the first
// round ends with the last of them.
func TestTargetsThatAreStillStarting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		r := start(t, Options[string, int]{
			Targets: func() ([]string, bool) {
				if time.Since(l.begin) < 700*time.Millisecond {
					return []string{"known"}, false
				}
				return []string{"known", "found"}, true
			},
			Interval: time.Hour, LookAgain: 250 * time.Millisecond,
			Probe: func(_ context.Context, k string, _ int) (int, error) { return l.ask(k), nil },
		})
		time.Sleep(600 * time.Millisecond)
		if _, ok := r.Answers()["known"]; !ok || !r.Starting() {
			t.Errorf("the known one answered: %t, starting: %t", ok, r.Starting())
		}
		time.Sleep(time.Minute)
		l.check(t, "known", 0)
		l.check(t, "found", 0.75)
		if r.Starting() {
			t.Error("starting though all have answered")
		}
	})
}

// TestTargetsComeAndGo verifies that one which is gone is forgotten, its probe
// called off and without an answer, and that one which comes is asked at the next
// look and does not begin a second start.
func TestTargetsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		var targets atomic.Pointer[[]string]
		targets.Store(&[]string{"a", "b"})
		var off atomic.Bool
		r := start(t, Options[string, int]{
			Targets: func() ([]string, bool) { return *targets.Load(), true }, Interval: 10 * time.Second,
			Probe: func(ctx context.Context, k string, _ int) (int, error) {
				n := l.ask(k)
				if k == "b" && n == 2 {
					defer off.Store(true)
					return n, sleep(ctx, 9*time.Second)
				}
				return n, nil
			},
		})
		time.Sleep(15 * time.Second)
		targets.Store(&[]string{"a", "c"})
		r.Look()
		synctest.Wait()
		if diff := cmp.Diff([]string{"a", "c"}, slices.Sorted(maps.Keys(r.Answers()))); diff != "" || !off.Load() || r.Starting() {
			t.Errorf("probe called off: %t, starting: %t, answers:\n%s", off.Load(), r.Starting(), diff)
		}
		time.Sleep(10 * time.Second)
		l.check(t, "a", 0, 10, 20)
		l.check(t, "b", 0, 10)
		l.check(t, "c", 15, 20)
	})
}

// TestSpread verifies that targets are put off, each by a time of its own that
// stays, and by less than the bound.
func TestSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		start(t, Options[string, int]{
			Targets: Fixed("a", "b"), Interval: 10 * time.Second, Spread: 5 * time.Second,
			Probe: func(_ context.Context, k string, _ int) (int, error) { return l.ask(k), nil },
		})
		time.Sleep(19 * time.Second)
		l.mu.Lock()
		defer l.mu.Unlock()
		a, b := l.asked["a"], l.asked["b"]
		if len(a) != 2 || len(b) != 2 || a[0] == b[0] || a[0] >= 5 || a[1]-a[0] < 9.999 || a[1]-a[0] > 10.001 {
			t.Errorf("asked at %v and %v", a, b)
		}
	})
}
