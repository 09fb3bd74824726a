package export

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Result tells what Write did, in files.
type Result struct{ Written, Unchanged, Kept int }

// Write writes the files below a folder, which it makes where it is missing. Files
// that are there and differ are an error, and then nothing is written, unless they
// are to be overwritten; a starter that differs is its owner's and is always kept.
// Nothing is ever deleted, and whoever reads a file meanwhile finds the old or the
// new one, never a part.
func Write(folder string, files []File, overwrite bool) (Result, error) {
	var result Result
	var write []File
	var differ []string
	for _, f := range files {
		name := filepath.Join(folder, filepath.FromSlash(f.Path))
		old, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			write = append(write, f)
		case err != nil:
			return result, err
		case bytes.Equal(old, f.Data):
			result.Unchanged++
		case f.Starter:
			result.Kept++
		default:
			differ = append(differ, name)
			write = append(write, f)
		}
	}
	if len(differ) > 0 && !overwrite {
		others := ""
		if n := len(differ) - 1; n > 0 {
			others = fmt.Sprintf(" (and %d more)", n)
		}
		return result, fmt.Errorf("%s%s is there and differs; use --force to overwrite, or another --out", differ[0], others)
	}
	for _, f := range write {
		if err := replace(filepath.Join(folder, filepath.FromSlash(f.Path)), f.Data); err != nil {
			return result, err
		}
		result.Written++
	}
	return result, nil
}

// replace puts a file into place in one step.
func replace(name string, data []byte) error {
	folder := filepath.Dir(name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// Not os.CreateTemp: its files are for their owner alone.
	temporary := fmt.Sprintf("%s.%08x.tmp", name, rand.Uint32())
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary, name)
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return err
}
