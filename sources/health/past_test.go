package health

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPastOfAnotherHistory verifies that after versions went back a watch that was
// cut is not resumed, and that all others are.
func TestPastOfAnotherHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &past{}
		foreign := func(want bool, when string) {
			t.Helper()
			if got := p.foreign(); got != want {
				t.Errorf("%s: foreign %t, want %t", when, got, want)
			}
		}
		p.listed("99")
		p.saw("100")
		p.saw("98") // of the list of another watch
		p.cut()
		foreign(false, "cut, in one history")
		p.listed("100")
		p.cut()
		foreign(false, "listed at the version that was seen last")
		p.listed("20")
		p.cut()
		foreign(true, "cut, after versions went back")
		foreign(false, "asked again without another cut")
		p.listed("101")
		p.cut()
		foreign(true, "cut again, back in the first history")
		p.listed("no number")
		time.Sleep(mistrust + time.Second)
		p.cut()
		foreign(false, "long after")
	})
}

// TestProgress verifies that only a version that is new tells that something moves.
func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		progress := &Progress{}
		p := &past{progress: progress}
		if !progress.Last().IsZero() {
			t.Error("something moved before anything was seen")
		}
		p.listed("10")
		moved := time.Now()
		time.Sleep(time.Second)
		p.saw("10") // a bookmark of a cache that learns of nothing
		p.saw("9")
		if !progress.Last().Equal(moved) {
			t.Errorf("moved %s after the last version that was new", progress.Last().Sub(moved))
		}
		p.saw("11")
		if !progress.Last().Equal(time.Now()) {
			t.Error("a new version is no progress")
		}
	})
}

// TestDoubt verifies that a source that is doubted is unavailable for as long, with the
// reason, and good again right after.
func TestDoubt(t *testing.T) {
	t.Parallel()
	var doubt error
	h := NewHealth("nodes", time.Now).Doubt(func() error { return doubt })
	if h.State().Reason != Starting {
		t.Errorf("%+v before the first list", h.State())
	}
	h.Listed()
	doubt = &SilentError{What: "read", For: time.Second}
	if state := h.State(); state.Reason != Timeout || !errors.Is(h.Err(), doubt) {
		t.Errorf("%+v, %v while it is doubted", state, h.Err())
	}
	doubt = nil
	if h.State().Reason != Available || h.Err() != nil {
		t.Errorf("%+v, %v after that", h.State(), h.Err())
	}
}
