package bounded

import (
	"math"
	"testing"
)

// TestRevision verifies that versions are told from numbers that are none, whether stores
// count writes, also after a restore which adds to the count, or have times.
func TestRevision(t *testing.T) {
	t.Parallel()
	for revision, want := range map[uint64]bool{
		0: true, 1: true, 1e9: true, 1e13: true, 1 << 53: true, 1753647547040015001: true,
		math.MaxInt64 - 1: false, math.MaxInt64: false, math.MaxUint64: false,
	} {
		if Revision(revision) != want {
			t.Errorf("%d: %t, want %t", revision, !want, want)
		}
	}
	for revision, want := range map[uint64]bool{0: false, 5e8: false, 1e12: false, 1753647547040: true, 1753647547040015001: true} {
		if Timed(revision) != want {
			t.Errorf("%d is a time: %t, want %t", revision, !want, want)
		}
	}
}
