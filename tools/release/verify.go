package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// archiveName is how an archive of the program is called.
var archiveName = regexp.MustCompile(`^(kubevitals-(.+)\.([a-z]+)-([a-z0-9]+))\.(tar\.gz|zip)$`)

// released is what a folder of a release was found to hold.
type released struct {
	dir, version string
	// programs are the digests of the programs by their platforms.
	programs map[platform]string
}

// verify looks at a release as its users get it, with nothing but its folder: digests,
// what is in the archives and in the image, and that all hold the same programs.
func verify(ctx context.Context, dir string, stdout io.Writer) error {
	if err := checkSums(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	found := &released{dir: dir, programs: map[platform]string{}}
	var errs []error
	for _, e := range entries {
		if parts := archiveName.FindStringSubmatch(e.Name()); parts != nil {
			found.version = parts[2]
			errs = append(errs, found.checkArchive(ctx, e.Name(), parts[1], platform{parts[3], parts[4]}))
		}
	}
	if len(found.programs) == 0 {
		return errors.Join(append(errs, fmt.Errorf("%s holds no archive of the program", dir))...)
	}
	parts, err := readImage(found.path(".oci.tar"))
	errs = append(errs, err, found.checkImage(parts), found.checkPacks(), found.checkPlugin())
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, p := range parts {
		_, _ = fmt.Fprintln(stdout, p)
	}
	_, err = fmt.Fprintf(stdout, "verified: %d files of version %s, with programs for %d platforms\n", len(entries), found.version, len(found.programs))
	return err
}

// path is that of a file of the release, by how it ends.
func (f *released) path(suffix string) string {
	return filepath.Join(f.dir, "kubevitals-"+f.version+suffix)
}

// checkSums verifies that the digests are those of the files, and that none is left out.
func checkSums(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil {
		return err
	}
	listed := map[string]bool{sumsFile: true}
	for line := range strings.Lines(string(text)) {
		want, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			return fmt.Errorf("%s: no digest and name: %q", sumsFile, line)
		}
		listed[name] = true
		if got, err := digest(filepath.Join(dir, name)); err != nil || got != want {
			return errors.Join(err, fmt.Errorf("%s has the digest %s, and %s says %s", name, got, sumsFile, want))
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			return fmt.Errorf("%s is not listed in %s", e.Name(), sumsFile)
		}
	}
	return nil
}

// checkArchive verifies what is in the archive of a platform, and that its bill of
// materials is that of its program.
func (f *released) checkArchive(ctx context.Context, name, folder string, p platform) error {
	all, err := readArchive(filepath.Join(f.dir, name))
	if err != nil {
		return err
	}
	want := []string{
		"CHANGELOG.md", "LICENSE", noticeFile, "completions/_kubevitals", "completions/kubevitals.bash",
		"completions/kubevitals.fish", program(p), "kubevitals.1",
	}
	for i := range want {
		want[i] = folder + "/" + want[i]
	}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		return fmt.Errorf("%s holds %v, want %v", name, got, want)
	}
	built := all[folder+"/"+program(p)]
	if built.mode != 0o755 {
		return fmt.Errorf("%s: the program has the mode %o", name, built.mode)
	}
	f.programs[p] = sum(built.content)
	info, err := buildinfo.Read(bytes.NewReader(built.content))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	notices := string(all[folder+"/"+noticeFile].content)
	err = errors.Join(checkBuild(info, p), checkNotices(info, notices), checkBOM(f.path("."+p.hyphened()+bomSuffix), info, f.programs[p]))
	if p == host() {
		err = errors.Join(err, runs(ctx, built.content, f.version))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// checkBuild verifies that a program is of its platform, and tells of no machine.
func checkBuild(info *buildinfo.BuildInfo, p platform) error {
	var errs []error
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"GOOS": p.system, "GOARCH": p.architecture, "CGO_ENABLED": "0", "-trimpath": "true"} {
		if settings[key] != want {
			errs = append(errs, fmt.Errorf("the program was built with %s=%s, want %s", key, settings[key], want))
		}
	}
	return errors.Join(errs...)
}

// checkNotices verifies that the licences of all modules of a program go along with it.
func checkNotices(info *buildinfo.BuildInfo, notices string) error {
	for _, m := range append(deps(info), stdlib+" "+info.GoVersion) {
		if !strings.Contains(notices, "\n"+m+": ") {
			return fmt.Errorf("%s does not hold the licence of %s", noticeFile, m)
		}
	}
	return nil
}

// deps are the modules of a program, each with its version.
func deps(info *buildinfo.BuildInfo) []string {
	var all []string
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		all = append(all, m.Path+" "+m.Version)
	}
	return all
}

// runs runs the program of this platform.
func runs(ctx context.Context, content []byte, version string) (err error) {
	dir, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := filepath.Join(dir, program(host()))
	if err := os.WriteFile(name, content, 0o755); err != nil {
		return err
	}
	out, err := output(ctx, name, "--version")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(out), "kubevitals, version "+version+" ") {
		return fmt.Errorf("it says that it is %q, want version %s", out, version)
	}
	return nil
}
