package oneshot

import (
	"runtime"
	"testing"
	"time"
)

func TestGarbageFor(t *testing.T) {
	t.Parallel()
	for inUse, want := range map[uint64]int{0: rarely, 1: rarely, 50 << 20: rarely, 96 << 20: 200, 192 << 20: 100, 2 << 30: seldomest} {
		if got := garbageFor(inUse); got != want {
			t.Errorf("%d MiB in use: %d%%, want %d%%", inUse>>20, got, want)
		}
	}
}

func TestAfterEachCollection(t *testing.T) {
	t.Parallel()
	called := make(chan struct{}, 3)
	left := 3
	afterEachCollection(func() bool {
		called <- struct{}{}
		left--
		return left > 0
	})
	for range 3 {
		runtime.GC()
		select {
		case <-called:
		case <-time.After(time.Minute):
			t.Fatal("it is not called after a collection")
		}
	}
	runtime.GC()
	time.Sleep(10 * time.Millisecond)
	if len(called) > 0 {
		t.Error("it is called though it said that it was enough")
	}
}
