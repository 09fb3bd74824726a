package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tree is a tar archive that is being written, in which nothing shows but names, modes
// and contents.
type tree struct {
	tar *tar.Writer
	// at is the time of all that is in it.
	at time.Time
	// made are the folders that it has.
	made map[string]bool
}

// add adds a file, and before it the folders above that are not there yet.
func (t *tree) add(name string, mode int64, content io.Reader, size int64) error {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	for _, dir := range parents(name) {
		if t.made[dir] {
			continue
		}
		t.made[dir] = true
		if err := t.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: t.at, Format: tar.FormatUSTAR}); err != nil {
			return err
		}
	}
	if err := t.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: size, ModTime: t.at, Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err := io.Copy(t.tar, content)
	return err
}

// parents are the folders above a path, the outermost first.
func parents(name string) []string {
	var all []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		all = append(all, dir)
	}
	slices.Reverse(all)
	return all
}

// paths are those of all files of an image, in order.
func paths(programs map[string]string, texts map[string][]byte) []string {
	all := slices.Collect(maps.Keys(programs))
	all = slices.AppendSeq(all, maps.Keys(texts))
	slices.Sort(all)
	return slices.Compact(all)
}

// archive writes a folder as a tar archive, its files in the order of their names.
func archive(w io.Writer, dir string, at time.Time) error {
	t := &tree{tar: tar.NewWriter(w), at: at, made: map[string]bool{}}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		return t.addFile(filepath.ToSlash(name), file)
	})
	if err != nil {
		return fmt.Errorf("write the archive of the image: %w", err)
	}
	return t.tar.Close()
}

func (t *tree) addFile(name, file string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return t.add(name, 0o644, f, info.Size())
}
