package health

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apiwatch "k8s.io/apimachinery/pkg/watch"
)

// TestEachFaultAlone verifies for each fault that lasts for minutes, while the object
// changes now and then, that nothing is served as known which was outdated for longer
// than told; and that what changed last is known soon after it healed.
func TestEachFaultAlone(t *testing.T) {
	t.Parallel()
	for f := range faults {
		for _, streams := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, lists stream %t", f, streams), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWanderer(streams)
					_, v := follow(t, w.listWatch(), w.latest)
					worst := time.Duration(0)
					look := func(lasts time.Duration) {
						for begun := time.Now(); time.Since(begun) < lasts; time.Sleep(100 * time.Millisecond) {
							if int(time.Since(begun)/(100*time.Millisecond))%470 == 300 {
								w.bump()
							}
							if list, err := v.List(); err == nil {
								worst = max(worst, w.outdated(list[0].ResourceVersion))
							}
						}
					}
					look(time.Minute)
					w.set(f)
					look(5 * time.Minute)
					if worst > mostOutdated {
						t.Errorf("outdated for %s", worst)
					}
					w.set(none)
					w.bump()
					time.Sleep(mostRecovery)
					if list, err := v.List(); err != nil || w.outdated(list[0].ResourceVersion) > time.Second {
						t.Errorf("%s after it healed: %v", mostRecovery, err)
					}
				})
			})
		}
	}
}

// TestWhatCannotBe verifies what becomes of a watch that brings something which is out of
// its order, or of a version to which the resource cannot have come.
func TestWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kind    apiwatch.EventType
		version string
		passed  bool
		told    Reason // Available where it is only listed anew
	}{
		"the next change":                {apiwatch.Modified, "101", true, Available},
		"a change in the same write":     {apiwatch.Deleted, "100", true, Available},
		"a bookmark that goes on":        {apiwatch.Bookmark, "150", true, Available},
		"many writes at once":            {apiwatch.Modified, "900000", true, Available},
		"an older change":                {apiwatch.Modified, "99", false, Available},
		"an older removal":               {apiwatch.Deleted, "9", false, Available},
		"an older bookmark":              {apiwatch.Bookmark, "99", false, Available},
		"a bookmark of no version":       {apiwatch.Bookmark, "", false, Available},
		"a bookmark of years to come":    {apiwatch.Bookmark, "9007199254740991", false, Invalid},
		"a change of years to come":      {apiwatch.Modified, "9007199254740991", false, Invalid},
		"a change that no counter holds": {apiwatch.Modified, "18446744073709551616", false, Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				events := make(chan apiwatch.Event, 1)
				h := NewHealth("nodes", time.Now)
				h.Succeed()
				p := &past{}
				p.horizon.set("90", true)
				watched := watchRequest{attempt: newAttempt(h.Fail), lasts: watchFor}
				watched.options.ResourceVersion = "100"
				s := newStream(t.Context(), apiwatch.NewProxyWatcher(events), Target{Health: h, Expected: &corev1.Node{}}, p, watched)
				defer s.Stop()
				obj := node("a")
				obj.ResourceVersion = tt.version
				events <- apiwatch.Event{Type: tt.kind, Object: obj}
				e := <-s.ResultChan()
				if passed := e.Type == tt.kind; passed != tt.passed {
					t.Errorf("passed on as %s: %v", e.Type, apierrors.FromObject(e.Object))
				}
				if !tt.passed && tt.told == Available && !gone(e) {
					t.Errorf("the reflector is told %v, want that it lists anew", apierrors.FromObject(e.Object))
				}
				if reason := h.State().Reason; reason != tt.told {
					t.Errorf("reason %s, want %s", reason, tt.told)
				}
			})
		})
	}
}
