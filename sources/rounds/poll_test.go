package rounds

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// poll runs a poll every ten seconds until the test ends.
func poll(t *testing.T, read func(context.Context) (string, error)) *Poll[string] {
	t.Helper()
	p := NewPoll(health.NewHealth("figures", time.Now), 10*time.Second, read)
	if _, err := p.Get(); health.Classify(err) != health.Starting {
		t.Errorf("before the first read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return p
}

// TestPoll verifies that the last read counts and none before it, and that the end
// of the program is no failure.
func TestPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		answers := []struct {
			value string
			err   error
		}{{"one", nil}, {"", broken}, {"two", nil}}
		n := 0
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := NewPoll(health.NewHealth("figures", time.Now), 10*time.Second, func(ctx context.Context) (string, error) {
			if n == len(answers) {
				<-ctx.Done()
				return "", ctx.Err()
			}
			n++
			return answers[n-1].value, answers[n-1].err
		})
		done := make(chan struct{})
		go func() { p.Run(ctx); close(done) }()
		for i, want := range answers {
			synctest.Wait()
			if value, err := p.Get(); value != want.value || !errors.Is(err, want.err) {
				t.Errorf("read %d: %q, %v; want %q, %v", i, value, err, want.value, want.err)
			}
			time.Sleep(10 * time.Second)
		}
		cancel()
		<-done
		if value, err := p.Get(); value != "two" || err != nil {
			t.Errorf("the end of the program counts as a failure: %q, %v", value, err)
		}
	})
}

// TestPollGrowsOld verifies that what was read does not count any more when no read
// follows, as after the process was stopped for a while.
func TestPollGrowsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		h := health.NewHealth("figures", time.Now)
		p := NewPoll(h, 10*time.Second, func(context.Context) (string, error) { return "one", nil })
		done := make(chan struct{})
		go func() { p.Run(ctx); close(done) }()
		synctest.Wait()
		stop()
		<-done
		time.Sleep(22 * time.Second)
		if value, err := p.Get(); value != "one" || err != nil {
			t.Errorf("%q, %v after the time that a read may take", value, err)
		}
		time.Sleep(time.Second)
		if value, err := p.Get(); value != "" || health.Classify(err) != health.Stale {
			t.Errorf("%q, %v a second later, want nothing that is stale", value, err)
		}
		if got := h.State().MaxAge; got != 22*time.Second {
			t.Errorf("%s is told as the bound", got)
		}
	})
}

// TestPollGivesUp verifies that a read is given up after an interval and begun
// again at once.
func TestPollGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		p := poll(t, func(ctx context.Context) (string, error) {
			n.Add(1)
			return "", sleep(ctx, time.Hour)
		})
		time.Sleep(25 * time.Second)
		var unavailable *health.UnavailableError
		if _, err := p.Get(); !errors.As(err, &unavailable) || unavailable.Reason() != health.Timeout {
			t.Errorf("%v, want a timeout", err)
		}
		if n.Load() != 3 {
			t.Errorf("%d reads within 25 s, want 3", n.Load())
		}
	})
}

// TestPollOfADeadDisk verifies that of reads which no context ends one at most
// hangs, and that what it brings in the end is not taken for the present.
func TestPollOfADeadDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan string)
		var n atomic.Int32
		p := poll(t, func(context.Context) (string, error) {
			n.Add(1)
			return <-release, nil
		})
		time.Sleep(time.Minute)
		if _, err := p.Get(); health.Classify(err) != health.Timeout || n.Load() != 1 {
			t.Errorf("while a read hangs: %v, %d reads", err, n.Load())
		}
		release <- "old"
		synctest.Wait()
		if _, err := p.Get(); health.Classify(err) != health.Timeout {
			t.Errorf("what was read long ago is believed: %v", err)
		}
		release <- "new"
		synctest.Wait()
		if value, err := p.Get(); value != "new" || err != nil {
			t.Errorf("the disk is back: %q, %v", value, err)
		}
	})
}
