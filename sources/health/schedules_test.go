package health

import (
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/kubevitals/kubevitals/test/schedules"
)

// TestMain takes away what client-go does about errors of reflectors: it keeps them
// apart by the time since the last one, of the whole process and on whatever clock.
func TestMain(m *testing.M) {
	utilruntime.ErrorHandlers = nil //nolint:reassign // it is made for that
	os.Exit(m.Run())
}

// The promises, of what is served as known.
const (
	// The end of a watch proves that it came to what the resource was at when that was
	// asked for, and not what came after.
	mostOutdated = MaxAge + askBefore
	mostRecovery = 15 * time.Second
)

// TestSchedulesOfWatches verifies under random faults that no version is served as
// known that was outdated longer than told, and that all is well soon after each
// healing.
func TestSchedulesOfWatches(t *testing.T) {
	t.Parallel()
	schedules.Run(t, func(t *testing.T, s *schedules.Schedule) {
		w := newWanderer(s.IntN(2) == 0)
		_, v := follow(t, w.listWatch(), w.latest)
		for range 3 {
			for range 1 + s.IntN(3) {
				f := fault(s.IntN(int(faults)))
				w.set(f)
				least := 2 * time.Second
				if f == frozenOld {
					least = mostOutdated // what ends it is that it is noticed
				}
				w.observe(s, v, s.Between(least, time.Minute), false)
			}
			w.set(none)
			w.observe(s, v, mostRecovery, false)
			w.observe(s, v, s.Between(5*time.Second, 60*time.Second), true)
		}
	})
}

// observe looks at what is served for a while, in which the object changes now and
// then, or often. It has to be known, and right but for a moment, if all is well.
func (w *wanderer) observe(s *schedules.Schedule, v *View[*corev1.Node], lasts time.Duration, well bool) {
	const (
		look   = 500 * time.Millisecond
		moment = time.Second
	)
	often := 1 + s.IntN(100) // a flood at one end, nothing for most of a minute at the other
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(look) {
		if s.IntN(often) == 0 {
			w.bump()
		}
		list, err := v.List()
		if err != nil {
			if well {
				s.Violated("all is well, and it is not known: %v", err)
			}
			continue
		}
		bound := mostOutdated
		if well {
			bound = moment
		}
		if outdated := w.outdated(list[0].ResourceVersion); outdated > bound {
			s.Violated("what is served was outdated for %s", outdated)
		}
	}
}
