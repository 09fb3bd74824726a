package sources

import (
	"context"
	"errors"
	"testing"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestReadOfTheMachineThatHangs holds that one read at most hangs, and that what
// it brings in the end is not taken for the present.
func TestReadOfTheMachineThatHangs(t *testing.T) {
	t.Parallel()
	release, begun := make(chan int), make(chan bool, 10)
	read := patient(func(context.Context) (int, error) {
		begun <- true
		return <-release, nil
	})
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := read(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a read without time: %v", err)
	}
	<-begun
	for range 3 {
		if _, err := read(t.Context()); health.Classify(err) != health.Timeout {
			t.Errorf("while a read hangs: %v", err)
		}
	}
	if len(begun) > 0 {
		t.Error("another read was begun while one hangs")
	}
	release <- 1
	go func() { release <- 2 }()
	for {
		value, err := read(t.Context())
		if err == nil {
			if value != 2 {
				t.Errorf("got %d, which was read long ago", value)
			}
			return
		}
	}
}
