package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// command is the command of package components.
const command = "./cmd/kubevitals-components"

// build compiles the components and returns the binary. Of a version that was built before
// little is left to do; the first time, it compiles a whole Kubernetes.
func build(ctx context.Context, o options) (string, error) {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return "", err
	}
	if err := writeModule(ctx, o); err != nil {
		return "", fmt.Errorf("module: %w", err)
	}
	files, err := replaced(o)
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(map[string]map[string]string{"Replace": files}, "", "\t")
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(o.out, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		return "", err
	}
	binary := filepath.Join(o.out, filepath.Base(command))
	_, err = goCommand(ctx, o.lab, "build", "-mod=mod", modfile(o), "-overlay="+overlay,
		"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion="+o.version, "-o", binary, command)
	return binary, err
}

func modfile(o options) string { return "-modfile=" + filepath.Join(o.out, "go.mod") }

// versionOf is the version of a module that the components are compiled with.
func versionOf(ctx context.Context, o options, module string) (string, error) {
	out, err := goCommand(ctx, o.lab, "list", "-mod=mod", modfile(o), "-m", "-f", "{{.Version}}", module)
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", module, err)
	}
	return strings.TrimSpace(out), nil
}

// goCommand runs go in a folder, without cgo, as the lab is built, and returns what it
// prints. What it says of its work goes to stderr as it comes.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	var out strings.Builder
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &out, io.Writer(os.Stderr)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return out.String(), nil
}
