package kubelet

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func testSchedule(concurrency int) *schedule {
	o := testOptions()
	o.Concurrency = concurrency
	return newSchedule(o)
}

func newTracked(name string) *tracked { return &tracked{target: target{node: name}} }

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// dueNow adds kubelets whose statistics are due at once.
func dueNow(s *schedule, count int) []*tracked {
	var all []*tracked
	for i := range count {
		k := newTracked(fmt.Sprintf("n%d", i))
		s.add(k, []endpoint{statsSummary}, start, 1)
		all = append(all, k)
	}
	return all
}

func drain(s *schedule, now time.Time) []*task {
	var tasks []*task
	for t := s.next(now); t != nil; t = s.next(now) {
		tasks = append(tasks, t)
	}
	return tasks
}

func TestNextIsBounded(t *testing.T) {
	t.Parallel()
	s := testSchedule(3)
	dueNow(s, 10)
	if got := len(drain(s, start)); got != 3 {
		t.Fatalf("%d requests started, want 3", got)
	}
	if got := s.wait(start); got != s.patience {
		t.Errorf("wait %v, want until the oldest request may move over (%v)", got, s.patience)
	}
	// Unanswered for long: they make room, but only as far as the bound of the
	// failing lanes, less what is for those that fail at once.
	if got := len(drain(s, start.Add(s.patience))); got != 2 {
		t.Errorf("%d more requests started, want 2", got)
	}
	if got := len(drain(s, start.Add(time.Hour))); got != 0 {
		t.Errorf("%d requests beyond twice the concurrency", got)
	}
	if got := s.wait(start.Add(time.Hour)); got != idle {
		t.Errorf("wait %v, want %v: only the end of a request can help", got, idle)
	}
}

func TestFailedKubeletsRetryBesideTheHealthy(t *testing.T) {
	t.Parallel()
	s := testSchedule(4)
	kubelets := dueNow(s, 20)
	// All but the last two turn out to be dead.
	now := start
	alive := func(x *task) bool { return slices.Index(kubelets, x.kubelet) >= 18 }
	for done := 0; done < 20; {
		for _, x := range drain(s, now) {
			o := unreached
			if alive(x) {
				o = answered
			}
			s.finish(x, o, now)
			done++
		}
	}
	now = now.Add(2 * time.Minute) // everything is due again
	var running []*task
	for range 20 {
		running = append(running, drain(s, now)...)
		now = now.Add(retryPace)
	}
	var healthy, failing int
	for _, x := range running {
		if alive(x) {
			healthy++
		} else {
			failing++
		}
	}
	if healthy != 2 || failing != 2 {
		t.Errorf("%d healthy and %d dead kubelets are asked, want 2 (all) and 2 (half the concurrency)", healthy, failing)
	}
}

func TestDueAfter(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	for _, test := range []struct {
		name     string
		endpoint endpoint
		outcome  outcome
		took     time.Duration
		min, max time.Duration
	}{
		{"statistics", statsSummary, answered, 0, minute / 2, 3 * minute / 2},
		{"metrics", metrics, answered, 0, 5 * minute / 2, 15 * minute / 2},
		{"dead: found out by the first endpoint", statsSummary, unreached, 3 * time.Second, 7 * time.Second, 7 * time.Second},
		{"dead: the others wait for the first", configz, unreached, 3 * time.Second, 5 * minute / 2, 15 * minute / 2},
		{"hangs in the handshake", statsSummary, unreached, 10 * time.Second, retryRest, retryRest},
		{"no metrics in time", metrics, silent, 10 * time.Second, retryRest, retryRest},
		{"refused", metrics, refused, time.Millisecond, retryEvery - time.Millisecond, retryEvery},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := testSchedule(1)
			k := newTracked("n")
			all := endpoints()
			s.add(k, all[:], start, 1)
			x := k.tasks[test.endpoint]
			x.started = start.Add(-test.took)
			if got := s.due(x, test.outcome, start).Sub(start); got < test.min || got > test.max {
				t.Errorf("due after %v, want between %v and %v", got, test.min, test.max)
			}
		})
	}
}

func TestAlignedKeepsItsPhase(t *testing.T) {
	t.Parallel()
	const interval = time.Minute
	first := aligned(start, interval, 12345678901234)
	for _, late := range []time.Duration{0, time.Millisecond, 10 * time.Second, 29 * time.Second} {
		if got := aligned(first.Add(late), interval, 12345678901234); got != first.Add(interval) {
			t.Errorf("finished %v late: due at %v, want %v", late, got, first.Add(interval))
		}
	}
}

// Kubelets must not be asked in the same second, neither at first nor later.
func TestKubeletsAreSpread(t *testing.T) {
	t.Parallel()
	s := testSchedule(1)
	first, second := make([]int, 60), make([]int, 60)
	for i := range 6000 {
		k := newTracked(fmt.Sprintf("node-%d", i))
		s.add(k, []endpoint{statsSummary}, start, time.Minute)
		x := k.tasks[0]
		first[int(x.due.Sub(start).Seconds())]++
		again := s.due(x, answered, x.due)
		second[again.Second()]++
	}
	for name, counts := range map[string][]int{"first": first, "second": second} {
		if most := slices.Max(counts); most > 200 {
			t.Errorf("%d kubelets are asked in one second the %s time, want about 100", most, name)
		}
	}
}

func TestRecoveryPullsTheOtherEndpointsForward(t *testing.T) {
	t.Parallel()
	s := testSchedule(8)
	k := newTracked("n")
	all := endpoints()
	s.add(k, all[:], start, 1)
	for _, x := range drain(s, start) {
		s.finish(x, unreached, start)
	}
	if got := drain(s, start); len(got) != 0 {
		t.Fatalf("%d retries at once", len(got))
	}
	now := k.tasks[0].due
	probe := drain(s, now)
	if len(probe) != 1 || probe[0].endpoint != statsSummary {
		t.Fatalf("retried %v, want the statistics only", probe)
	}
	s.finish(probe[0], refused, now) // an answer, though not a good one
	if got := drain(s, now); len(got) != 2 {
		t.Errorf("%d endpoints were asked after the recovery, want the other 2", len(got))
	}
}

func TestRemovedKubelet(t *testing.T) {
	t.Parallel()
	s := testSchedule(1)
	kubelets := dueNow(s, 2)
	running := s.next(start)
	for _, k := range kubelets {
		s.remove(k)
	}
	s.finish(running, answered, start)
	if len(s.healthy.queue)+len(s.failing.queue)+len(s.slow.queue)+len(s.healthy.running) != 0 {
		t.Errorf("left over: %+v", s)
	}
}

func BenchmarkSchedule5000Kubelets(b *testing.B) {
	s := testSchedule(64)
	all := endpoints()
	for i := range 5000 {
		s.add(newTracked(fmt.Sprintf("node-%d", i)), all[:], start, time.Minute)
	}
	now := start.Add(time.Minute)
	for b.Loop() {
		x := s.next(now)
		if x == nil {
			now = now.Add(s.wait(now))
			continue
		}
		s.finish(x, answered, now)
	}
}
