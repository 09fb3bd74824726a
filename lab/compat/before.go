package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// replaced returns, by the lab's files, those that stand in their places for that version
// of Kubernetes: lab/hollow/prober.go is _before/1.35/hollow/prober.go for all before 1.35.
func replaced(o options) (map[string]string, error) {
	root := filepath.Join(o.lab, "compat", "_before")
	firsts, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	of, err := minor(strings.TrimPrefix(o.version, "v"))
	if err != nil {
		return nil, err
	}
	var later []int
	for _, d := range firsts {
		first, err := minor(d.Name())
		if err != nil {
			return nil, err
		}
		if of < first {
			later = append(later, first)
		}
	}
	// The form of the oldest counts: what was so before 1.36 was so before 1.37, but not
	// the other way round.
	slices.SortFunc(later, func(a, b int) int { return cmp.Compare(b, a) })
	files := map[string]string{}
	for _, first := range later {
		dir := filepath.Join(root, fmt.Sprintf("1.%d", first))
		if err := collect(files, dir, o.lab); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func collect(files map[string]string, dir, lab string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		ours := filepath.Join(lab, name)
		if _, err := os.Stat(ours); err != nil {
			return fmt.Errorf("%s stands for no file: %w", path, err)
		}
		files[ours] = path
		return nil
	})
}

// minor is the second number of a version.
func minor(version string) (int, error) {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return 0, fmt.Errorf("%q is not a version", version)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", version, err)
	}
	return n, nil
}
