package dump

import (
	"fmt"
	"io"
)

// limits bound what a dump may cost. Sizes are bytes after decompression.
type limits struct {
	// files, objects and total are of the whole dump.
	files, objects int
	total          int64
	// file is of one file, object of one object, and body of what one kubelet or
	// API server answered.
	file, object, body int64
	// ratio is how much a file may grow when it is decompressed, once it is larger
	// than free.
	ratio, free int64
}

func standardLimits() limits {
	return limits{
		files: 500_000, objects: 2_000_000, total: 16 << 30,
		file: 8 << 30, object: 16 << 20, body: 256 << 20,
		ratio: 250, free: 64 << 20,
	}
}

// limitError says which bound was met; it names no file.
type limitError struct{ what string }

func (e *limitError) Error() string { return e.what }

// meter bounds what is read of one file, and counts it towards the whole dump.
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

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.read += int64(n)
	m.reader.total += int64(n)
	l := m.reader.limits
	switch {
	case m.read > m.limit:
		return 0, &limitError{fmt.Sprintf("is larger than %d MiB", m.limit>>20)}
	case m.reader.total > l.total:
		return 0, &limitError{fmt.Sprintf("the dump is larger than %d MiB", l.total>>20)}
	case m.until > 0 && m.read > m.until:
		return 0, &limitError{fmt.Sprintf("holds an object larger than %d MiB", l.object>>20)}
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
