package health

import (
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
