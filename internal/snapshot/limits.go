package snapshot

import (
	"fmt"
	"io"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// limits bound what a snapshot may cost. Sizes are bytes after decompression.
type limits struct {
	// files, objects and total are of the whole snapshot.
	files, objects int
	total          int64
	// file is of one file, object of one object, and body of what one kubelet or
	// API server answered.
	file, object, body int64
	// values are of one object, decoded: an empty one takes a hundred times what it
	// takes as text. lines are those of one in YAML, and flow values in them.
	values, lines int
	// ratio is how much a file may grow when it is decompressed, once it is larger
	// than free.
	ratio, free int64
}

func standardLimits() limits {
	return limits{
		files: 500_000, objects: 2_000_000, total: 16 << 30,
		file: 8 << 30, object: 4 << 20, body: 256 << 20,
		values: 50_000, lines: 250_000,
		ratio: 250, free: 64 << 20,
	}
}

const (
	// mostFields bounds the fields beside the items of a list, or of an object that is
	// in none.
	mostFields = 1_000
	// mostNesting bounds how deep an object may be nested; those that are read are some
	// twenty levels deep.
	mostNesting = 64
	// mostTold bounds what is told of files that cannot be read.
	mostTold = 1_000
)

// check returns nil if an object is one that may be decoded.
func (l limits) check(raw []byte) error {
	if err := (bounded.JSON{Depth: mostNesting, Values: l.values, Quantities: true}).Check(raw); err != nil {
		return &limitError{"holds an object in which " + err.Error()}
	}
	return nil
}

// limitError says which bound was met; it names no file.
type limitError struct{ what string }

func (e *limitError) Error() string { return e.what }

// meter bounds what is read of one file, and counts it towards the whole snapshot.
type meter struct {
	r      io.Reader
	reader *reader
	read   int64
	limit  int64
	// until is the position at which the present object is too large; 0 is no bound.
	until int64
	// packed tells how much was read of the compressed form; nil without one.
	packed func() int64
}

// chunk bounds a single reading, so that no more of the next objects is read with
// the present one.
const chunk = 32 << 10

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p[:min(len(p), chunk)])
	m.read += int64(n)
	m.reader.total += int64(n)
	l := m.reader.limits
	switch {
	case m.read > m.limit:
		return 0, &limitError{"is larger than " + size(m.limit)}
	case m.reader.total > l.total:
		return 0, &limitError{"the dump is larger than " + size(l.total)}
	case m.until > 0 && m.read > m.until:
		return 0, &limitError{"holds an object larger than " + size(l.object)}
	case m.packed != nil && m.read > l.free && m.read > l.ratio*m.packed():
		return 0, &limitError{fmt.Sprintf("grows more than %d times when it is decompressed, as no dump does", l.ratio)}
	}
	return n, err
}

// counter counts what passes.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// size writes a number of bytes.
func size(n int64) string { return bounded.Size(n) }
