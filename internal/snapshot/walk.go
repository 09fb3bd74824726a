package snapshot

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubevitals/kubevitals/sources"
)

// reader reads one snapshot. Not safe for concurrent use.
type reader struct {
	snapshot *Snapshot
	table    sources.Table
	limits   limits

	files, objects int
	total          int64
	times          times
	suspects       suspects
	// file is the present one, and lives are of the objects of the snapshot, in order.
	file  string
	lives []life
	// unread are the kinds that were seen in versions that are not read.
	unread   map[schema.GroupVersionKind]Unreadable
	gathered gathered
	etcd     etcdInfo
	// kubeconfig is the name of a file that is one.
	kubeconfig string
	// namespaces are those that a list of all namespaces names; nil without one.
	namespaces map[string]bool
	// alone says that the present object is in no list: others of its kind may lack.
	alone bool
	spill *spill
}

// entry is one file of a snapshot.
type entry struct {
	// name is the path in the snapshot, for the layout and for messages.
	name string
	r    io.Reader
	// plain says that it is decompressed already, whatever its name.
	plain bool
	// again opens the file once more, later; nil where that is not possible.
	again func() (io.ReadCloser, error)
}

// walk hands all files to readFile, and returns when the snapshot itself was changed
// last.
func (r *reader) walk(ctx context.Context, name string) (time.Time, error) {
	info, err := os.Stat(name)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w; %s", err, expected)
	}
	switch {
	case info.IsDir():
		return info.ModTime(), r.walkFolder(ctx, name)
	case info.Mode().IsRegular():
		return info.ModTime(), r.walkFile(ctx, name)
	}
	return time.Time{}, fmt.Errorf("%s: is neither a file nor a folder; %s", name, expected)
}

// walkFolder reads regular files only. Links count as what they lead to, unless
// that is outside the folder.
func (r *reader) walkFolder(ctx context.Context, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("open the dump: %w", err)
	}
	r.snapshot.closers = append(r.snapshot.closers, root.Close)
	return fs.WalkDir(root.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			if name == "." {
				return fmt.Errorf("%s: %w", folder, err)
			}
			return r.lost(ctx, name, err)
		}
		info, err := root.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			if err != nil || !info.IsDir() {
				r.snapshot.Skipped["file"]++ // leads away, or is a device or a pipe
			}
			return nil
		}
		again := func() (io.ReadCloser, error) { return root.Open(name) }
		f, err := again()
		if err != nil {
			return r.lost(ctx, name, err)
		}
		defer func() { _ = f.Close() }()
		return r.lost(ctx, name, r.readFile(ctx, entry{name: name, r: f, again: again}))
	})
}

// walkFile reads a single file, which may be an archive.
func (r *reader) walkFile(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("open the dump: %w", err)
	}
	defer func() { _ = f.Close() }()
	packed := &counter{r: f}
	buffered := bufio.NewReader(packed)
	var plain io.Reader = buffered
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return fmt.Errorf("%s: not a whole gzip file: %w", name, err)
		}
		plain = &meter{r: z, reader: &reader{limits: r.limits}, limit: r.limits.total, packed: func() int64 { return packed.n }}
	}
	head := bufio.NewReaderSize(plain, tarHead)
	start, err := head.Peek(tarHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return broken(name, err)
	}
	switch {
	case len(start) == 0:
		return fmt.Errorf("%s: is empty; %s", name, expected)
	case isTar(start):
		return r.walkTar(ctx, name, tar.NewReader(head))
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return fmt.Errorf("%s: zip archives are not read; unpack it and give the folder", name)
	case packedBy(start) != "":
		return unpackFirst(name, packedBy(start))
	case !isText(start):
		return fmt.Errorf("%s: is neither text nor a tar archive; %s", name, expected)
	}
	return r.readFile(ctx, entry{name: name, r: head, plain: true})
}

// packedBy names the program that a file was compressed with which is not read, and
// is empty for all others.
func packedBy(start []byte) string {
	for program, magic := range map[string]string{"xz": "\xfd7zXZ\x00", "zstd": "\x28\xb5\x2f\xfd", "bzip2": "BZh"} {
		if bytes.HasPrefix(start, []byte(magic)) {
			return program
		}
	}
	return ""
}

func unpackFirst(name, program string) error {
	return fmt.Errorf("%s: is compressed with %s, which is not read; unpack it (%s -d) and give what comes out", name, program, program)
}

// tarHead is as long as a header in a tar archive.
const tarHead = 512

func isTar(start []byte) bool {
	return len(start) >= 262 && string(start[257:262]) == "ustar"
}

// isText tells text from what no snapshot is made of.
func isText(start []byte) bool {
	return marked(start) || bytes.IndexByte(start, 0) < 0 && !bytes.HasPrefix(start, []byte{0xff, 0xd8})
}

// walkTar reads the regular files of an archive. Their names are never used to
// open or make a file.
func (r *reader) walkTar(ctx context.Context, archive string, t *tar.Reader) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(archive, err)
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "./"))
		switch {
		case h.Typeflag == tar.TypeDir, h.Typeflag == tar.TypeXGlobalHeader:
		case h.Typeflag != tar.TypeReg, path.IsAbs(name), name == "..", strings.HasPrefix(name, "../"):
			r.snapshot.Skipped["file"]++
		default:
			if err := r.lost(ctx, name, r.readFile(ctx, entry{name: name, r: t})); err != nil {
				return fmt.Errorf("%s: %w", archive, err)
			}
		}
	}
}

// broken words why a file cannot be read on.
func broken(name string, err error) error {
	if _, ok := errors.AsType[*limitError](err); ok {
		return fmt.Errorf("%s: %w", name, err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: is cut short; record or copy it once more", name)
	}
	return fmt.Errorf("%s: cannot be read: %w", name, err)
}
