package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// requirement and goMod are what go mod edit -json prints of a go.mod.
type requirement struct{ Path, Version string }

type goMod struct {
	Module  struct{ Path string }
	Godebug []struct{ Key string }
	Replace []struct{ Old, New requirement }
}

// writeModule writes the go.mod and go.sum by which the lab's packages are compiled against
// that version: those of Kubernetes itself under the name of the lab's module, with the
// released modules in place of the staging folders.
func writeModule(ctx context.Context, o options) error {
	theirs, err := download(ctx, o)
	if err != nil {
		return err
	}
	file := filepath.Join(o.out, "go.mod")
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(theirs, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(o.out, name), text, 0o644); err != nil {
			return err
		}
	}
	mod, err := read(ctx, o.lab, file)
	if err != nil {
		return err
	}
	ours, err := read(ctx, o.lab, filepath.Join(o.lab, "go.mod"))
	if err != nil {
		return err
	}
	_, err = goCommand(ctx, o.lab, append(append([]string{"mod", "edit"}, edits(mod, ours.Module.Path, o.version)...), file)...)
	return err
}

// edits are the flags of go mod edit that make the lab's go.mod of that of Kubernetes.
func edits(mod goMod, module, version string) []string {
	flags := []string{"-module=" + module, "-require=k8s.io/kubernetes@" + version}
	for _, d := range mod.Godebug {
		flags = append(flags, "-dropgodebug="+d.Key)
	}
	for _, r := range mod.Replace {
		if strings.HasPrefix(r.New.Path, "./staging/") {
			flags = append(flags, fmt.Sprintf("-replace=%s=%s@%s", r.Old.Path, r.Old.Path, staged(version)))
		}
	}
	slices.Sort(flags)
	return flags
}

// staged is the version of the modules that Kubernetes of a version releases apart: v0.34.4
// of v1.34.4.
func staged(version string) string { return "v0." + strings.TrimPrefix(version, "v1.") }

// download returns the folder with the source of Kubernetes of that version.
func download(ctx context.Context, o options) (string, error) {
	// By this module, which needs no version of it.
	out, err := goCommand(ctx, filepath.Join(o.lab, "compat"), "mod", "download", "-json", "k8s.io/kubernetes@"+o.version)
	if err != nil {
		return "", err
	}
	var got struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		return "", fmt.Errorf("go mod download: %w", err)
	}
	return got.Dir, nil
}

func read(ctx context.Context, dir, file string) (goMod, error) {
	var mod goMod
	out, err := goCommand(ctx, dir, "mod", "edit", "-json", file)
	if err != nil {
		return mod, err
	}
	if err := json.Unmarshal([]byte(out), &mod); err != nil {
		return mod, fmt.Errorf("%s: %w", file, err)
	}
	return mod, nil
}
