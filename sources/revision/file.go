package revision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Load takes over what an earlier process saved; a file that does not exist is
// no error, since the first process finds none.
func (t *Tracker) Load(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the mark: %w", err)
	}
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%s does not hold a mark (remove it to begin anew): %w", file, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.saved = s
	return nil
}

// Save writes what must outlive the process. A reader sees the old content or
// the new, never a part.
func (t *Tracker) Save(file string) error {
	t.mu.Lock()
	s := t.saved
	t.mu.Unlock()
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(file), ".mark-*")
	if err != nil {
		return fmt.Errorf("write the mark: %w", err)
	}
	_, err = draft.Write(append(text, '\n'))
	err = errors.Join(err, draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), file)
	}
	if err != nil {
		_ = os.Remove(draft.Name())
		return fmt.Errorf("write the mark: %w", err)
	}
	return nil
}

// Keep saves the mark every interval until ctx ends, and then once more.
func (t *Tracker) Keep(ctx context.Context, file string, interval time.Duration, logger *slog.Logger) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var last saved
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-tick.C:
		}
		t.mu.Lock()
		now := t.saved
		t.mu.Unlock()
		if now == last {
			continue
		}
		if err := t.Save(file); err != nil {
			logger.Warn("The mark of resource versions is not saved: a restore of etcd while kubevitals restarts may go unnoticed", "err", err)
			continue
		}
		last = now
	}
}
