package revision

import (
	"fmt"
	"os"
	"time"
)

// patience is how long a file system may take: to wait longer would keep kubevitals
// from its start, or from its end.
const patience = 5 * time.Second

// disk asks a file system for one thing at a time. One that hangs, as that of a server
// which is gone or one that is frozen, holds whoever asks it for as long as it does.
type disk chan struct{}

func newDisk() disk { return make(disk, 1) }

// ask does something in the background and returns what came of it. It returns an error
// that is os.ErrDeadlineExceeded if that takes longer than patience, or if an earlier
// thing still has to end. What was begun goes on.
func (d disk) ask(file string, do func() error) error {
	hangs := fmt.Errorf("the file system of %s does not answer: %w", file, os.ErrDeadlineExceeded)
	select {
	case d <- struct{}{}:
	default:
		return hangs
	}
	result := make(chan error, 1)
	go func() {
		err := do()
		<-d // before the result: who has it may ask again
		result <- err
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-result:
		return err
	case <-late.C:
		return hangs
	}
}
