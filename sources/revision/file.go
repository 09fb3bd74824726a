package revision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// damagedSuffix is added to the name of a file that does not hold a mark.
const damagedSuffix = ".damaged"

// Load takes over what an earlier process saved; a file that does not exist is no error,
// since the first process finds none. Where something else stands, or what holds no mark
// or cannot be read, State tells of it, and what is nothing but a file or a link is set
// aside, so that it can be looked at. A file system that does not answer is an error,
// too; what it brings later counts still.
func (t *Tracker) Load(file string) error {
	return t.disk.ask(file, func() error { return t.load(file) })
}

func (t *Tracker) load(file string) error {
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the mark: %w", err)
	}
	text, err := readBounded(file)
	var s saved
	if err == nil {
		s, err = decode(text)
	}
	if t.loaded(s, err); err == nil {
		return nil
	}
	err = fmt.Errorf("%s does not hold a mark: %w", file, err)
	if !removable(info.Mode()) {
		return err
	}
	if moved := os.Rename(file, file+damagedSuffix); moved != nil {
		return errors.Join(err, fmt.Errorf("nor can it be set aside: %w", moved))
	}
	return fmt.Errorf("%w; it is kept as %s", err, filepath.Base(file)+damagedSuffix)
}

// loaded takes in what was saved, or that it is lost.
func (t *Tracker) loaded(s saved, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.damaged = true
		return
	}
	t.takeOver(s)
}

// takeOver merges what was saved with what was seen since, which is nothing unless the
// file came late. The caller holds the lock.
func (t *Tracker) takeOver(s saved) {
	switch t.saved.Store {
	case "":
		t.saved = s
	case s.Store:
		t.saved.Mark = max(t.saved.Mark, s.Mark)
		if s.RewoundAt.After(t.saved.RewoundAt) {
			t.saved.RewoundAt = s.RewoundAt
		}
	}
}

// removable tells whether what stands there may give way to a file. A directory may hold
// what others need, and a device is one of the machine, such as /dev/null.
func removable(mode fs.FileMode) bool {
	switch mode.Type() {
	case 0, fs.ModeSymlink, fs.ModeNamedPipe:
		return true
	}
	return false
}

// fileLimit bounds the file; a mark has some hundred bytes.
const fileLimit = 4 << 10

func readBounded(file string) ([]byte, error) {
	// To open a pipe would wait for somebody who writes.
	if info, err := os.Stat(file); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is no regular file but %s", info.Mode().Type())
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(bounded.Reader(f, fileLimit))
}

// decode reads what was saved. A mark that no store reaches would make each write look
// as if it came after a restore.
func decode(text []byte) (saved, error) {
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return saved{}, err
	}
	if !bounded.Revision(s.Mark) {
		return saved{}, fmt.Errorf("revision %d is none of a store", s.Mark)
	}
	if at := s.RewoundAt; !at.IsZero() && !bounded.Time(at) {
		return saved{}, fmt.Errorf("no restore was at %s", at.UTC().Format(time.RFC3339))
	}
	return s, nil
}

// Save writes what must outlive the process. A reader sees the old content or
// the new, never a part, also after the machine lost its power. A file system that does
// not answer is an error, and is asked for nothing else until it does.
func (t *Tracker) Save(file string) error {
	return t.disk.ask(file, func() error { return t.save(file) })
}

func (t *Tracker) save(file string) error {
	t.mu.Lock()
	s := t.saved
	t.mu.Unlock()
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if file, err = replaceable(file); err != nil {
		return fmt.Errorf("write the mark: %w", err)
	}
	draft, err := os.CreateTemp(filepath.Dir(file), ".mark-*")
	if err != nil {
		return fmt.Errorf("write the mark: %w", err)
	}
	_, err = draft.Write(append(text, '\n'))
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), file)
	}
	if err != nil {
		_ = os.Remove(draft.Name())
		return fmt.Errorf("write the mark: %w", err)
	}
	return nil
}

// replaceable is the file that the name stands for, if one may be written there.
func replaceable(file string) (string, error) {
	if linked, err := filepath.EvalSymlinks(file); err == nil {
		file = linked
	}
	switch info, err := os.Lstat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return file, nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is no regular file but %s", file, info.Mode().Type())
	}
	return file, nil
}

// Keep saves the mark at once, so that it is known whether it can be, then every
// interval until ctx ends if it changed or could not be saved, and then once more. report is told what
// each attempt came to.
func (t *Tracker) Keep(ctx context.Context, file string, interval time.Duration, report func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var last saved
	failed := false
	save := func(now saved) {
		err := t.Save(file)
		if failed = err != nil; !failed {
			last = now
		}
		report(err)
	}
	save(t.now())
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-tick.C:
		}
		if now := t.now(); failed || now != last {
			save(now)
		}
	}
}

func (t *Tracker) now() saved {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.saved
}
