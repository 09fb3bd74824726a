package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// packed is a file as it was found in an archive.
type packed struct {
	file
	at time.Time
}

// readArchive reads a .tar.gz, .tgz or .zip. It fails where the files are not in order,
// or not all of one time, or not readable by all.
func readArchive(name string) (map[string]packed, error) {
	read := readTarball
	if strings.HasSuffix(name, ".zip") {
		read = readZip
	}
	all := map[string]packed{}
	var names []string
	err := read(name, func(name string, p packed) error {
		names = append(names, name)
		all[name] = p
		if first := all[names[0]]; !p.at.Equal(first.at) {
			return fmt.Errorf("%s is of %s, and others of %s", name, p.at, first.at)
		}
		if p.mode != 0o644 && p.mode != 0o755 {
			return fmt.Errorf("%s has the mode %o", name, p.mode)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !slices.IsSorted(names) || len(all) != len(names) {
		return nil, fmt.Errorf("%s: its files are not in order, or there twice", name)
	}
	return all, nil
}

func readTarball(name string, do func(string, packed) error) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if unpacked.Name != "" || !unpacked.ModTime.IsZero() {
		return errors.New("it tells how it was called, or when it was packed")
	}
	return eachFile(unpacked, func(h *tar.Header, r io.Reader) error {
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			return fmt.Errorf("it is of %d:%d", h.Uid, h.Gid)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return do(h.Name, packed{file{h.Mode, content}, h.ModTime})
	})
}

func readZip(name string, do func(string, packed) error) (err error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	for _, entry := range z.File {
		r, err := entry.Open()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		if err := do(entry.Name, packed{file{int64(entry.Mode().Perm()), content}, entry.Modified}); err != nil {
			return err
		}
	}
	return nil
}
