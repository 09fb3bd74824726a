package revision

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestDiskThatHangs verifies that nothing waits for a file system that does not answer,
// that no second thing is begun there, and that it is used again once it answers.
func TestDiskThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, answers := newDisk(), make(chan struct{})
		begun := time.Now()
		hang := func() error { <-answers; return nil }
		if err := d.ask("state", hang); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != patience {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		err := d.ask("state", func() error {
			t.Error("a second thing was begun")
			return nil
		})
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		close(answers)
		synctest.Wait()
		if err := d.ask("state", func() error { return os.ErrPermission }); !errors.Is(err, os.ErrPermission) {
			t.Error(err)
		}
	})
}

// TestKeepOnADiskThatHangs verifies that it is told, that the end comes in spite of it,
// and that the mark is written once the disk answers.
func TestKeepOnADiskThatHangs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		tracker := New()
		tracker.disk <- struct{}{} // something that has not come back
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		reports := make(chan error, 100)
		ended := make(chan struct{})
		go func() {
			tracker.Keep(ctx, file, time.Second, func(err error) { reports <- err })
			close(ended)
		}()
		tracker.Observe(Observation{Server: "one", Store: "a", At: time.Now(), Written: 5})
		time.Sleep(3 * time.Second)
		if err := <-reports; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		<-tracker.disk
		time.Sleep(2 * time.Second)
		again := New()
		if err := again.Load(file); err != nil || again.Mark() != 5 {
			t.Errorf("mark %d, %v", again.Mark(), err)
		}
		tracker.disk <- struct{}{}
		tracker.Observe(Observation{Server: "one", Store: "a", At: time.Now(), Written: 6})
		cancel()
		<-ended
	})
}

// TestAFileThatComesLate verifies that what was seen meanwhile is not lost to it.
func TestAFileThatComesLate(t *testing.T) {
	t.Parallel()
	rewound := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ seen, file, want saved }{
		"nothing was seen":      {saved{}, saved{"a", 7, rewound}, saved{"a", 7, rewound}},
		"it is further":         {saved{"a", 5, time.Time{}}, saved{"a", 7, rewound}, saved{"a", 7, rewound}},
		"it is behind":          {saved{"a", 9, rewound}, saved{"a", 7, time.Time{}}, saved{"a", 9, rewound}},
		"it is that of another": {saved{"a", 5, time.Time{}}, saved{"b", 7, rewound}, saved{"a", 5, time.Time{}}},
	} {
		tracker := New()
		tracker.saved = c.seen
		tracker.takeOver(c.file)
		if tracker.saved != c.want {
			t.Errorf("%s: %+v", name, tracker.saved)
		}
	}
}
