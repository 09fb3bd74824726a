package main

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// file is a file of an archive.
type file struct {
	mode    int64
	content []byte
}

// files are those of an archive, by their paths in it.
type files map[string]file

func (f files) paths() []string { return slices.Sorted(maps.Keys(f)) }

// sumsFile lists the digest of each other file of a release, as sha256sum does.
const sumsFile = "sha256sums.txt"

// writeArchive writes the archive of a platform: what runs, and what belongs to it.
func (r *release) writeArchive(out string, p platform, program string, common files, notices []byte) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	folder := r.name() + "." + p.hyphened()
	all := files{}
	for name, f := range common {
		all[path.Join(folder, name)] = f
	}
	all[path.Join(folder, filepath.Base(program))] = file{0o755, content}
	all[path.Join(folder, noticeFile)] = file{0o644, notices}
	if p.system == "windows" {
		return writeFile(filepath.Join(out, r.archive(p)), func(w io.Writer) error { return writeZip(w, all, r.at) })
	}
	return writeFile(filepath.Join(out, r.archive(p)), func(w io.Writer) error { return writeTarball(w, all, r.at) })
}

// writeTarball writes files in the order of their paths, all of them root's and of one
// time.
func writeTarball(w io.Writer, all files, at time.Time) error {
	packed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(packed)
	for _, name := range all.paths() {
		f := all[name]
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: f.mode, Size: int64(len(f.content)), ModTime: at, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := t.Write(f.content); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return errors.Join(t.Close(), packed.Close())
}

// writeZip does the same for systems that have no tar.
func writeZip(w io.Writer, all files, at time.Time) error {
	z := zip.NewWriter(w)
	for _, name := range all.paths() {
		f := all[name]
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()}
		header.SetMode(os.FileMode(f.mode))
		entry, err := z.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := entry.Write(f.content); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return z.Close()
}

// writeFile writes a file by a function, and leaves none behind that is not whole.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(name))
	}
	return nil
}

// writeSums writes the digests of all files of the folder.
func writeSums(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, e := range entries {
		if e.Name() == sumsFile {
			continue
		}
		sum, err := digest(filepath.Join(out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, e.Name())
	}
	return os.WriteFile(filepath.Join(out, sumsFile), []byte(lines.String()), 0o644)
}

// digest is the SHA-256 of a file, in hexadecimal.
func digest(name string) (sum string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
