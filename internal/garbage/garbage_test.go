package garbage

import (
	"runtime"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	t.Parallel()
	p := Policy{Percent: 300, Most: 192 << 20, Least: 25}
	for inUse, want := range map[uint64]int{0: 300, 1: 300, 50 << 20: 300, 96 << 20: 200, 192 << 20: 100, 2 << 30: 25} {
		if got := p.percent(inUse); got != want {
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
