package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
)

// A schedule goes on for about this long.
const scheduleLasts = 2 * time.Minute

// step is a part of a schedule: one or two faults and a pause, or none of them.
type step struct {
	names       []string
	faults      []faultproxy.Fault
	lasts, rest time.Duration
}

// Random are n trials, each a schedule of faults that come and go. The same seed
// makes the same ones.
func Random(seed uint64, n int) []Trial {
	pool := slices.DeleteFunc(slices.Concat(connectionTrials(), handshakeTrials(), byteTrials(), answerTrials(), bodyTrials(), watchTrials()), func(t Trial) bool {
		return len(t.faults) == 0 || t.certificate != nil || t.during != nil || t.HTTP1 || t.Unknowable != ""
	})
	trials := make([]Trial, n)
	for i := range trials {
		steps, total := schedule(rand.New(rand.NewPCG(seed, uint64(i))), pool) //nolint:gosec // to be repeated
		trials[i] = Trial{
			Name: fmt.Sprintf("random-%d-%d", seed, i), What: describe(steps), Schedule: true, Lasts: total,
			breaks: func(context.Context, *stage) error { return nil },
			during: func(ctx context.Context, s *stage) { s.follow(ctx, steps) },
		}
	}
	return trials
}

func schedule(r *rand.Rand, pool []Trial) (steps []step, total time.Duration) {
	seconds := func(from, to int) time.Duration { return time.Duration(from+r.IntN(to-from)) * time.Second }
	for total < scheduleLasts {
		s := step{lasts: seconds(2, 50), rest: seconds(0, 12)}
		for range 1 + r.IntN(2) {
			t := pool[r.IntN(len(pool))]
			s.names, s.faults = append(s.names, t.Name), append(s.faults, t.faults...)
		}
		steps, total = append(steps, s), total+s.lasts+s.rest
	}
	return steps, total
}

func describe(steps []step) string {
	var parts []string
	for _, s := range steps {
		parts = append(parts, fmt.Sprintf("%s %.0f s", strings.Join(s.names, " + "), s.lasts.Seconds()))
	}
	return strings.Join(parts, "; ")
}

// follow plays a schedule. Each step changes something, which nothing sets back.
func (s *stage) follow(ctx context.Context, steps []step) {
	for _, step := range steps {
		s.proxy.Break(step.faults...)
		if err := s.world.addPod(ctx); err != nil {
			s.campaign.options.Logf("%s: %v", s.trial.Name, err)
		}
		if !pause(ctx, step.lasts) {
			return
		}
		if err := s.proxy.Heal(); err != nil {
			s.campaign.options.Logf("%s: %v", s.trial.Name, err)
		}
		if !pause(ctx, step.rest) {
			return
		}
	}
}
