// Package schedules tests what runs in the background against series of faults that
// are drawn at random, on virtual time. A schedule is its seed: who finds a violation
// gets the same one again from it.
package schedules

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

const (
	// countEnv is the variable that says how many schedules a test plays, and seedEnv
	// the one that names the first.
	countEnv, seedEnv = "KUBEVITALS_SCHEDULES", "KUBEVITALS_SCHEDULES_SEED"
	// defaultCount is for every run of the tests.
	defaultCount = 200
	// mostShown bounds the violations that are shown of one test.
	mostShown = 20
)

// Schedule is one that is being played.
type Schedule struct {
	*rand.Rand
	begun      time.Time
	violations []string
}

// Violated notes that what is promised was not kept.
func (s *Schedule) Violated(format string, args ...any) {
	s.violations = append(s.violations, fmt.Sprintf("after %s: ", time.Since(s.begun))+fmt.Sprintf(format, args...))
}

// Between draws a duration, to the tenth of a second.
func (s *Schedule) Between(least, most time.Duration) time.Duration {
	const step = 100 * time.Millisecond
	return least + time.Duration(s.Int64N(int64((most-least)/step)+1))*step
}

// Run plays as many schedules as are wanted, each in a bubble of virtual time that
// play must leave with no goroutine behind. It prints how many violated what they
// promise, and fails if any did.
func Run(t *testing.T, play func(*testing.T, *Schedule)) {
	t.Helper()
	count, first := setting(t, countEnv, defaultCount), setting(t, seedEnv, 1)
	bad := 0
	for seed := first; seed < first+count; seed++ {
		s := &Schedule{Rand: rand.New(rand.NewPCG(uint64(seed), 0))} //nolint:gosec // to be repeated
		synctest.Test(t, func(t *testing.T) {
			s.begun = time.Now()
			play(t, s)
		})
		if len(s.violations) == 0 {
			continue
		}
		if bad++; bad <= mostShown {
			t.Errorf("seed %d (%s=%d %s=1): %s", seed, seedEnv, seed, countEnv, s.violations[0])
		}
	}
	t.Logf("%d schedules, %d with violations", count, bad)
}

func setting(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is not a number of schedules", variable, text)
	}
	return n
}
