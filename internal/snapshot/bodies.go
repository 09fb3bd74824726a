package snapshot

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// body is what a kubelet or an API server answered.
type body func() (io.ReadCloser, error)

// kubeletBodies are the answers of one kubelet, by path.
type kubeletBodies map[string]body

// spill is a folder for what was in an archive and is read later.
type spill struct {
	dir   string
	files int
}

func (r *reader) keepBody(p place, b body) {
	if p.role == ofAPIServer {
		r.snapshot.servers[p.owner] = b
		return
	}
	k := r.snapshot.kubelets[p.owner]
	if k == nil {
		k = &kubeletBodies{}
		r.snapshot.kubelets[p.owner] = k
	}
	(*k)[p.path] = b
}

// bodyOf makes a body of a file: of one in a folder by its name, and of one in an
// archive by a compressed copy in a temporary folder.
func (r *reader) bodyOf(m *meter, e entry, zipped bool) (body, error) {
	m.limit = r.limits.body
	if e.again != nil {
		return func() (io.ReadCloser, error) { return reopen(e, zipped) }, nil
	}
	if r.spill == nil {
		dir, err := os.MkdirTemp("", "kubevitals-dump-")
		if err != nil {
			return nil, fmt.Errorf("an archive needs a folder for temporary files: mount one at %s that can be written, such as an emptyDir, set TMPDIR, or unpack the archive: %w", os.TempDir(), err)
		}
		r.spill = &spill{dir: dir}
		r.snapshot.closers = append(r.snapshot.closers, func() error { return os.RemoveAll(dir) })
	}
	r.spill.files++
	name := filepath.Join(r.spill.dir, strconv.Itoa(r.spill.files))
	if err := writeZipped(name, func(w io.Writer) error { _, err := io.Copy(w, m); return err }); err != nil {
		return nil, err
	}
	again := func() (io.ReadCloser, error) { return os.Open(name) }
	return func() (io.ReadCloser, error) { return reopen(entry{name: name, again: again}, true) }, nil
}

// reopen opens a body. Whoever reads it bounds it.
func reopen(e entry, zipped bool) (io.ReadCloser, error) {
	f, err := e.again()
	if err != nil {
		return nil, err
	}
	if !zipped {
		return &bodyText{inUTF8(bufio.NewReader(f)), []io.Closer{f}}, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.name, err), f.Close())
	}
	return &bodyText{inUTF8(bufio.NewReader(z)), []io.Closer{z, f}}, nil
}

// bodyText is a body in UTF-8, and what it is read from.
type bodyText struct {
	io.Reader
	files []io.Closer
}

func (t *bodyText) Close() error {
	var errs []error
	for _, f := range t.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// writeZipped makes a file of what write writes.
func writeZipped(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	err = write(z)
	return errors.Join(err, z.Close(), f.Close())
}

// samplesLimit bounds the recorded samples of one collector in bytes: those of the disks of
// 15,000 nodes, twice over.
const samplesLimit = 32 << 20

func (r *reader) readSamples(p place, m *meter) error {
	m.limit = samplesLimit
	text, err := io.ReadAll(m)
	if err != nil {
		return err
	}
	if p.path != "1" && p.path != "2" {
		r.snapshot.Skipped["file"]++
		return nil
	}
	if r.snapshot.samples[p.owner] == nil {
		r.snapshot.samples[p.owner] = &[2][]byte{}
	}
	r.snapshot.samples[p.owner][p.path[0]-'1'] = text
	return nil
}
