package blackbox

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/sources/bounded"
)

const (
	suffix       = ".tar.gz"
	unfinished   = ".unfinished-"
	timelineName = "timeline.json"
	// mostFiles bounds how many files of the folder are looked at.
	mostFiles = 10_000
	// spared is the part of a file system that is left to others, as 1/spared, and
	// mostSpared what is enough of a large one.
	spared     = 10
	mostSpared = 1 << 30
)

// open makes the folder, which somebody may have removed, and reads what an earlier process
// left there. That it reads once; later it only notes what is gone.
func (b *Box) open() error {
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the black box: %w", err)
	}
	b.mu.Lock()
	opened := b.opened
	b.mu.Unlock()
	if opened {
		b.forget()
		return nil
	}
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return fmt.Errorf("read the folder of the black box: %w", err)
	}
	defer func() { _ = root.Close() }()
	entries, err := readSome(root)
	if err != nil {
		return fmt.Errorf("read the folder of the black box: %w", err)
	}
	var records []Record
	for _, e := range entries {
		name := filepath.Join(b.Dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), unfinished):
			_ = os.Remove(name) // of a process that was killed; what stays is in nobody's way
		case strings.HasSuffix(e.Name(), suffix) && e.Type().IsRegular():
			r, err := readRecord(root, e.Name())
			if err != nil {
				b.Logger.Warn("a file in the folder of the black box is none of its own and is left alone", "file", name, "err", err)
				continue
			}
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(x, y Record) int { return cmp.Or(x.Taken.Compare(y.Taken), cmp.Compare(x.name, y.name)) })
	b.mu.Lock()
	b.records, b.opened = records, true
	b.mu.Unlock()
	return nil
}

// nameOf is the name of the file with what was known at a time.
func nameOf(at time.Time, began []snapshot.Began) string {
	return at.UTC().Format("20060102T150405Z") + "-" + began[0].ID[:8] + suffix
}

func recordOf(name string, size int64, taken time.Time, began []snapshot.Began) Record {
	r := Record{Taken: taken, Bytes: size, Incidents: []string{}, Began: began, name: name}
	for _, one := range began {
		r.Incidents = append(r.Incidents, one.ID)
	}
	return r
}

// forget lets go of the records whose files somebody removed: nobody can be given them.
func (b *Box) forget() {
	gone := map[string]bool{}
	for _, r := range b.Records() {
		if _, err := os.Lstat(filepath.Join(b.Dir, r.name)); errors.Is(err, fs.ErrNotExist) {
			gone[r.name] = true
		}
	}
	if len(gone) == 0 {
		return
	}
	b.mu.Lock()
	b.records = slices.DeleteFunc(b.records, func(r Record) bool { return gone[r.name] })
	b.mu.Unlock()
	b.Logger.Warn("somebody removed files of the black box", "dir", b.Dir, "files", len(gone))
}

// keep writes a moment, and removes the oldest of those that are too many.
func (b *Box) keep(m snapshot.Moment) {
	err := b.open()
	if err == nil {
		err = b.add(m)
	}
	if err != nil {
		b.fail(m.At, err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !m.At.Before(b.failedAt) { // one that was left out meanwhile is the last
		b.err = nil
	}
}

func (b *Box) add(m snapshot.Moment) error {
	var text bytes.Buffer
	if err := m.Write(&limited{to: &text, left: b.MaxBytes}); err != nil {
		return err
	}
	size := int64(text.Len())
	if err := b.makeRoom(size); err != nil {
		return err
	}
	name := nameOf(m.At, m.Began)
	if err := writeWhole(b.Dir, name, text.Bytes()); err != nil {
		return err
	}
	r := recordOf(name, size, m.At.UTC().Truncate(time.Microsecond), m.Began) // as the manifest has it
	b.mu.Lock()
	b.records = append(slices.DeleteFunc(b.records, func(one Record) bool { return one.name == name }), r)
	b.mu.Unlock()
	b.Logger.Info("kept what is known of an incident", "file", name, "bytes", size, "incidents", len(m.Began))
	return nil
}

// makeRoom removes the oldest records until there is room for one more. It fails before it
// removes any if the file system would be left too little.
func (b *Box) makeRoom(size int64) error {
	kept := b.Records() // the newest first
	total, stay := size, 0
	for stay < len(kept) && stay < b.MaxSnapshots-1 && total+kept[stay].Bytes <= b.MaxBytes {
		total += kept[stay].Bytes
		stay++
	}
	gone := kept[stay:]
	var regained uint64
	for _, r := range gone {
		regained += uint64(r.Bytes)
	}
	left, all, err := b.Free(b.Dir)
	if err != nil {
		return fmt.Errorf("how much room is left: %w", err)
	}
	if stays := min(all/spared, mostSpared); left+regained < uint64(size)+stays {
		return fmt.Errorf("the disk is too full: %s of %s are left, and %s stay for others", bounded.Size(int64(left)), bounded.Size(int64(all)), bounded.Size(int64(stays)))
	}
	for _, r := range slices.Backward(gone) {
		if err := os.Remove(filepath.Join(b.Dir, r.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the oldest snapshot: %w", err)
		}
		b.mu.Lock()
		b.records = slices.DeleteFunc(b.records, func(one Record) bool { return one.name == r.name })
		b.mu.Unlock()
	}
	return nil
}

// saveTimeline keeps when the incidents that go on began, so that they are the same after a
// restart. A file that cannot be written costs that, and no snapshot: it is told in the log,
// when it begins and when it ends.
func (b *Box) saveTimeline() {
	err := b.writeTimeline()
	switch {
	case err != nil && !b.unsaved:
		b.Logger.Error("when incidents began will not be known after a restart", "err", err)
	case err == nil && b.unsaved:
		b.Logger.Info("when incidents began is kept again")
	}
	b.unsaved = err != nil
}

func (b *Box) writeTimeline() error {
	if err := b.open(); err != nil {
		return err
	}
	text, err := b.timeline.Marshal()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(b.Dir, timelineName)); err == nil && bytes.Equal(text, b.saved) {
		return nil
	}
	if err := writeWhole(b.Dir, timelineName, text); err != nil {
		return err
	}
	b.saved = text
	return nil
}
