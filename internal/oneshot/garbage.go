package oneshot

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

const (
	// rarely is how much garbage there may be for what is in use, in percent.
	rarely = 300
	// seldomest is the least of that, where much is in use.
	seldomest = 25
	// mostGarbage is how much garbage there may be, in bytes, unless so little of what is
	// in use that collecting would take most of the time.
	mostGarbage = 192 << 20
)

// CollectRarely makes garbage be collected less often, unless $GOGC says how often,
// and returns what undoes it. A check is over before most of it matters; it saved a
// third of the CPU time at 5,000 nodes and took some 50 MiB. Of a cluster or a dump that
// is larger than any should be there is the more garbage the more is in use, so that is
// bounded, too.
func CollectRarely() (undo func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(rarely)
	over := &atomic.Bool{}
	afterEachCollection(func() (again bool) {
		if over.Load() {
			return false
		}
		debug.SetGCPercent(garbageFor(inUse()))
		return true
	})
	return func() {
		over.Store(true)
		debug.SetGCPercent(before)
	}
}

// garbageFor is how much garbage there may be where so many bytes are in use, in
// percent of them.
func garbageFor(inUse uint64) int {
	if inUse == 0 {
		return rarely
	}
	return int(min(rarely, max(seldomest, mostGarbage*100/inUse)))
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
