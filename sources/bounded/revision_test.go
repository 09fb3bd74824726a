package bounded

import (
	"math"
	"testing"
)

// TestRevision verifies that revisions are told from numbers that are none, and that a
// restore which adds to them leaves them such.
func TestRevision(t *testing.T) {
	t.Parallel()
	for revision, want := range map[uint64]bool{
		0: true, 1: true, 1e9: true, 1e13: true, 1 << 53: true,
		1<<53 + 1: false, math.MaxInt64 - 1: false, math.MaxInt64: false, math.MaxUint64: false,
	} {
		if Revision(revision) != want {
			t.Errorf("%d: %t, want %t", revision, !want, want)
		}
	}
}
