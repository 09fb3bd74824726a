// Package garbage bounds how much garbage there is before it is collected, by more than the
// runtime's $GOGC, which knows a share of what is in use and no amount.
package garbage

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Policy says how much garbage there may be.
type Policy struct {
	// Percent of what is in use, and Most, in bytes, however much that is.
	Percent int
	Most    uint64
	// Least is the percentage below which Most does not count: collecting would take most
	// of the time.
	Least int
}

// Follow makes the runtime follow the policy, unless $GOGC says how often it collects, and
// returns what undoes it.
func (p Policy) Follow() (undo func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(p.Percent)
	over := &atomic.Bool{}
	afterEachCollection(func() (again bool) {
		if over.Load() {
			return false
		}
		debug.SetGCPercent(p.percent(inUse()))
		return true
	})
	return func() {
		over.Store(true)
		debug.SetGCPercent(before)
	}
}

// percent is how much garbage there may be where so many bytes are in use, in percent of
// them.
func (p Policy) percent(inUse uint64) int {
	if inUse == 0 {
		return p.Percent
	}
	return min(p.Percent, max(p.Least, int(p.Most*100/inUse)))
}

// inUse are the bytes that the last collection found to be in use.
func inUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// afterEachCollection calls f after each collection of garbage for as long as it
// returns true.
func afterEachCollection(f func() bool) {
	type sentinel [64]byte // small values share a block, which is in use for as long as one is
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) {
		if f() {
			afterEachCollection(f)
		}
	})
}
