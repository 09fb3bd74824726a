package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// noticeFile holds the licences of all that a program is made of.
const noticeFile = "THIRD_PARTY_LICENSES.txt"

// stdlib is how the standard library of Go is called among modules.
const stdlib = "std"

// allowed are the licences by which the program may be given away under Apache-2.0.
func allowed() []string {
	return []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "Unlicense"}
}

// texts are the names of files that a licence wants to go along.
var texts = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents|unlicense)([-._].*)?$`)

// covered is how much of a licence's file, in percent, must be words of known licences.
const covered = 75

// component is a module of which code is in the program.
type component struct {
	path, version string
	// licenses are SPDX identifiers, each once and in order.
	licenses []string
	// texts are the files of licences and notices, by their path in the module.
	texts map[string][]byte
}

// listed is a package as `go list -deps -json` tells of it.
type listed struct {
	ImportPath, Dir string
	Standard        bool
	Module          *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path, Version string }
	}
}

// modules are those of which packages are in the program of a platform, and the
// standard library. It fails where a licence is not known, or not one of the allowed.
func (r *release) modules(ctx context.Context, p platform) ([]component, error) {
	packages, err := r.packages(ctx, p)
	if err != nil {
		return nil, err
	}
	std, err := r.standardLibrary(ctx, p)
	if err != nil {
		return nil, err
	}
	found := map[string]*component{stdlib: std}
	for _, pkg := range packages {
		if pkg.Standard || pkg.Module == nil || pkg.Module.Main {
			continue
		}
		m := found[pkg.Module.Path]
		if m == nil {
			m = &component{path: pkg.Module.Path, version: pkg.Module.Version, texts: map[string][]byte{}}
			if replaced := pkg.Module.Replace; replaced != nil {
				m.path, m.version = replaced.Path, replaced.Version
			}
			found[pkg.Module.Path] = m
		}
		if err := m.readTexts(pkg.Dir, pkg.Module.Dir); err != nil {
			return nil, err
		}
	}
	all := make([]component, 0, len(found))
	var errs []error
	for _, m := range found {
		errs = append(errs, m.classify())
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b component) int { return strings.Compare(a.path, b.path) })
	return all, errors.Join(errs...)
}

func (r *release) packages(ctx context.Context, p platform) ([]listed, error) {
	out, err := r.goCommand(ctx, p, "list", "-deps", "-json=ImportPath,Dir,Standard,Module", "./cmd/kubevitals").Output()
	if err != nil {
		return nil, fmt.Errorf("packages for %s: %w", p, err)
	}
	var all []listed
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var pkg listed
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("packages for %s: %w", p, err)
		}
		all = append(all, pkg)
	}
}

func (r *release) standardLibrary(ctx context.Context, p platform) (*component, error) {
	out, err := r.goCommand(ctx, p, "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	m := &component{path: stdlib, version: version, texts: map[string][]byte{}}
	return m, m.readTexts(root, root)
}

// readTexts reads the licences and notices of a folder and of those above it, up to the
// one of the module: code that was copied from elsewhere has its own.
func (m *component) readTexts(dir, top string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() || !texts.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
				continue
			}
			name, err := filepath.Rel(top, filepath.Join(dir, e.Name()))
			if err != nil {
				return err
			}
			if m.texts[filepath.ToSlash(name)], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
		if dir == top || !strings.HasPrefix(dir, top) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// classify finds out which licences the texts are.
func (m *component) classify() error {
	for name, text := range m.texts {
		coverage := licensecheck.Scan(text)
		licence := !regexp.MustCompile(`(?i)^(notice|patents|copyright)`).MatchString(filepath.Base(name))
		if licence && coverage.Percent < covered {
			return fmt.Errorf("%s %s: %.0f %% of %s are words of a licence that is known, want %d", m.path, m.version, coverage.Percent, name, covered)
		}
		if !licence {
			continue
		}
		for _, match := range coverage.Match {
			if !match.IsURL && !slices.Contains(m.licenses, match.ID) {
				m.licenses = append(m.licenses, match.ID)
			}
		}
	}
	slices.Sort(m.licenses)
	if len(m.licenses) == 0 {
		return fmt.Errorf("%s %s: has no licence", m.path, m.version)
	}
	for _, id := range m.licenses {
		if !slices.Contains(allowed(), id) {
			return fmt.Errorf("%s %s: its licence %s is none of %s", m.path, m.version, id, strings.Join(allowed(), ", "))
		}
	}
	return nil
}
