package blackbox

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/internal/timeline"
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

// open makes the folder and reads what an earlier process left there. It does so once.
func (b *Box) open() error {
	b.mu.Lock()
	opened := b.opened
	b.mu.Unlock()
	if opened {
		return nil
	}
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the black box: %w", err)
	}
	entries, err := readSome(b.Dir)
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
			r, err := readRecord(name)
			if err != nil {
				b.Logger.Warn("a file of the black box cannot be read and is left alone", "file", name, "err", err)
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

// readSome are the entries of a folder, up to a bound.
func readSome(dir string) ([]fs.DirEntry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	entries, err := f.ReadDir(mostFiles)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return entries, err
}

func readRecord(name string) (Record, error) {
	f, err := os.Open(name)
	if err != nil {
		return Record{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return Record{}, err
	}
	m, err := snapshot.ReadManifest(f)
	if err != nil {
		return Record{}, err
	}
	return recordOf(filepath.Base(name), info.Size(), m.Taken.Time.UTC(), m.Began), nil
}

func recordOf(name string, size int64, taken time.Time, began []snapshot.Began) Record {
	r := Record{Taken: taken, Bytes: size, Incidents: []string{}, Began: began, name: name}
	for _, one := range began {
		r.Incidents = append(r.Incidents, one.ID)
	}
	return r
}

// keep writes a moment, and removes the oldest of those that are too many.
func (b *Box) keep(m snapshot.Moment) {
	err := b.open()
	if err == nil {
		err = b.add(m)
	}
	if err != nil {
		b.fail(err)
		return
	}
	b.mu.Lock()
	b.err = nil
	b.mu.Unlock()
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
	name := m.At.UTC().Format("20060102T150405Z") + "-" + m.Began[0].ID[:8] + suffix
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
// restart. A file that cannot be written costs that, and nothing else.
func (b *Box) saveTimeline() {
	if err := b.open(); err != nil {
		b.fail(err)
		return
	}
	text, err := b.timeline.Marshal()
	if err == nil && !bytes.Equal(text, b.saved) {
		if err = writeWhole(b.Dir, timelineName, text); err == nil {
			b.saved = text
		}
	}
	if err != nil {
		b.fail(err)
	}
}

// Load takes over the timeline of an earlier process, before the first look. There need
// not be one.
func (b *Box) Load() error {
	f, err := os.Open(filepath.Join(b.Dir, timelineName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the timeline: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(bounded.Reader(f, timeline.Limit))
	if err != nil {
		return fmt.Errorf("read the timeline: %w", err)
	}
	return b.timeline.Load(text)
}
