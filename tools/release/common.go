package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// common are the files of all archives: texts of the repository, and what the program
// prints about itself, which the one of the host does.
func (r *release) common(ctx context.Context, program string) (files, error) {
	all := files{}
	for _, name := range []string{"LICENSE", "CHANGELOG.md"} {
		content, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return nil, err
		}
		all[name] = file{0o644, content}
	}
	for name, args := range map[string][]string{
		"completions/kubevitals.bash": {"completion", "bash"},
		"completions/_kubevitals":     {"completion", "zsh"},
		"completions/kubevitals.fish": {"completion", "fish"},
		"kubevitals.1":                {"man"},
	} {
		content, err := output(ctx, program, args...)
		if err != nil {
			return nil, err
		}
		all[name] = file{0o644, content}
	}
	return all, nil
}

// output is what a program prints.
func output(ctx context.Context, program string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes(), nil
}

// writePacks writes what needs no program: rules, dashboards and runbooks, and the chart,
// as Helm packs it.
func (r *release) writePacks(ctx context.Context, out, work, program string) error {
	rules := filepath.Join(work, "mixin")
	for _, kind := range []string{"alerts", "rules", "inhibit-rules", "dashboards", "runbooks"} {
		if _, err := output(ctx, program, "export", kind, "--out="+filepath.Join(rules, kind)); err != nil {
			return err
		}
	}
	// Under its own name, which Helm wants of the folder.
	chart := filepath.Join(work, "chart", "kubevitals")
	if _, err := output(ctx, program, "export", "chart", "--out="+chart); err != nil {
		return err
	}
	for name, from := range map[string]struct{ dir, folder string }{
		r.name() + ".mixin.tar.gz": {rules, r.name() + ".mixin"},
		r.name() + ".tgz":          {chart, "kubevitals"},
	} {
		all, err := readFiles(from.dir, from.folder)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		if err := writeTarball(&packed, all, r.at); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name), packed.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readFiles reads a folder, as files below another one.
func readFiles(dir, folder string) (files, error) {
	all := files{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		all[path.Join(folder, filepath.ToSlash(relative))] = file{0o644, content}
		return err
	})
	return all, err
}
