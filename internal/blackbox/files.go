package blackbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/internal/timeline"
	"github.com/kubevitals/kubevitals/sources/bounded"
)

// readSome are the entries of a folder, up to a bound.
func readSome(root *os.Root) ([]fs.DirEntry, error) {
	f, err := root.Open(".")
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

// openFile opens a file of the folder to read it. What is no file is refused, for to open a
// pipe would wait for whoever writes to it, and so is a link: it may lead out of the folder,
// and what is opened here is shown to whoever reads the pages.
func openFile(root *os.Root, name string) (*os.File, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	return root.Open(name)
}

// readRecord reads what a file of the folder was kept for. What the black box did not write
// itself is an error: it goes by what it reads here when it removes the oldest.
func readRecord(root *os.Root, name string) (Record, error) {
	f, err := openFile(root, name)
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
	if !m.SamplesOnly || len(m.Began) == 0 || len(m.Began) > timeline.MostOpen {
		return Record{}, errors.New("no snapshot of a black box")
	}
	if at := slices.IndexFunc(m.Began, func(one snapshot.Began) bool { return !timeline.IsID(one.ID) }); at >= 0 {
		return Record{}, fmt.Errorf("an incident of it is named %.50q", m.Began[at].ID)
	}
	if taken := m.Taken.Time.UTC(); name != nameOf(taken, m.Began) {
		return Record{}, fmt.Errorf("the black box would call it %s", nameOf(taken, m.Began))
	}
	return recordOf(name, info.Size(), m.Taken.Time.UTC(), m.Began), nil
}

// Load takes over the timeline of an earlier process, before the first look. There need
// not be one.
func (b *Box) Load() error {
	root, err := os.OpenRoot(b.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the timeline: %w", err)
	}
	defer func() { _ = root.Close() }()
	f, err := openFile(root, timelineName)
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
	return b.timeline.Load(text, b.Alerts)
}
