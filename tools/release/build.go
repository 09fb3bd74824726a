package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// release is what is to be released, and how.
type release struct {
	root              string
	version, revision string
	ldflags           string
	// image is the name of the image without its tag in a release, and with it alone.
	image     string
	platforms []platform
	at        time.Time
	// fetching says where modules come from, as settings of Go's commands.
	fetching []string
	stdout   io.Writer
}

// name is how files of the release are called, up to what they are.
func (r *release) name() string { return "kubevitals-" + r.version }

// build writes all files of the release into a new folder.
func (r *release) build(ctx context.Context, out string) (err error) {
	if r.version == "" || out == "" {
		return errors.New("build: -version and -out are needed")
	}
	if r.at.Unix() == 0 {
		return errors.New("build: SOURCE_DATE_EPOCH is not set, to the time of the commit")
	}
	if err := r.checkTexts(); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	programs, err := r.programs(ctx, work)
	if err != nil {
		return err
	}
	made, err := os.MkdirTemp(filepath.Dir(out), ".release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(made)) }()
	if err := r.writeAll(ctx, made, work, programs); err != nil {
		return err
	}
	if err := replace(out, made); err != nil {
		return err
	}
	return r.list(out)
}

// replace puts a release in the place of one before. Any other folder stays as it is.
func replace(out, made string) error {
	entries, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(out, sumsFile)); len(entries) > 0 && err != nil {
		return fmt.Errorf("%s is there, and no release: %w", out, err)
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.Chmod(made, 0o755); err != nil {
		return err
	}
	return os.Rename(made, out)
}

// writeAll writes all files of the release into a folder.
func (r *release) writeAll(ctx context.Context, out, work string, programs map[platform]string) error {
	notices, err := r.writeArchives(ctx, out, programs)
	if err != nil {
		return err
	}
	r.image = "docker.io/library/kubevitals:" + r.version
	err = errors.Join(
		r.writeImage(filepath.Join(out, r.name()+".oci.tar"), programs, notices),
		r.writePacks(ctx, out, work, programs[host()]),
		r.writePlugin(out))
	if err != nil {
		return err
	}
	return writeSums(out)
}

// writeArchives writes archive and bill of materials of each platform, and returns the
// licences that are in each.
func (r *release) writeArchives(ctx context.Context, out string, programs map[platform]string) (map[platform][]byte, error) {
	common, err := r.common(ctx, programs[host()])
	if err != nil {
		return nil, err
	}
	notices := map[platform][]byte{}
	for _, p := range r.platforms {
		modules, err := r.modules(ctx, p)
		if err != nil {
			return nil, err
		}
		notices[p] = notice(modules)
		if err := r.writeArchive(out, p, programs[p], common, notices[p]); err != nil {
			return nil, err
		}
		if err := r.writeBOM(out, p, programs[p], modules); err != nil {
			return nil, err
		}
	}
	return notices, nil
}

// programs builds the program for each platform and for the host, and returns where they are.
func (r *release) programs(ctx context.Context, work string) (map[platform]string, error) {
	built := map[platform]string{}
	for _, p := range append([]platform{host()}, r.platforms...) {
		if built[p] != "" {
			continue
		}
		file := filepath.Join(work, p.hyphened(), program(p))
		if err := r.compile(ctx, p, file); err != nil {
			return nil, err
		}
		built[p] = file
	}
	return built, nil
}

// program is the name of the program's file.
func program(p platform) string {
	if p.system == "windows" {
		return "kubevitals.exe"
	}
	return "kubevitals"
}

func (r *release) compile(ctx context.Context, p platform, file string) error {
	began := time.Now()
	cmd := r.goCommand(ctx, p, "build", "-trimpath", "-buildvcs=false", "-ldflags", r.ldflags, "-o", file, "./cmd/kubevitals")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build for %s: %w\n%s", p, err, said.String())
	}
	_, _ = fmt.Fprintf(r.stdout, "built for %s in %.0f s\n", p, time.Since(began).Seconds())
	return nil
}

// goCommand is a command of Go in the main module, for a platform. Nothing of the
// environment that changes what is built comes through, nor of the file that go env -w
// writes, but for where modules come from.
func (r *release) goCommand(ctx context.Context, p platform, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.root
	cmd.Env = append(append(os.Environ(), r.fetching...), "GOENV=off", "GOTOOLCHAIN=local", "GOROOT=", "GODEBUG=", "CGO_ENABLED=0", "GOOS="+p.system, "GOARCH="+p.architecture,
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off")
	return cmd
}

// list prints what was written.
func (r *release) list(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return bytes.Compare([]byte(a.Name()), []byte(b.Name())) })
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(r.stdout, "%9.1f MiB  %s\n", float64(info.Size())/(1<<20), e.Name())
	}
	return nil
}
