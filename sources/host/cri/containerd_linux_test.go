package cri

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// containerdConfig keeps everything below one folder. What needs modules of the
// kernel or a network is not asked for by Version and Status.
const containerdConfig = `version = 2
root = "%[1]s/root"
state = "%[1]s/state"
[grpc]
  address = "%[1]s/run/containerd/containerd.sock"
[ttrpc]
  address = "%[1]s/ttrpc.sock"
[plugins."io.containerd.grpc.v1.cri".cni]
  conf_dir = "%[1]s/cni"
  bin_dir = "%[1]s/bin"
`

// startContainerd runs the containerd of this machine below the folder.
func startContainerd(t *testing.T, dir string) *os.Process {
	t.Helper()
	config := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, containerdConfig, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), "containerd", "--config", config)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("containerd says:\n%s", text)
		}
	})
	return command.Process
}

// until asks until the answer is as wanted.
func until(t *testing.T, p *Prober, what string, good func(Result, error) bool) Result {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		r, err := p.Ask(t.Context())
		if good(r, err) {
			return r
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still %+v, %v", what, r, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestContainerd asks a real containerd: while it has no network plugin, when it
// has one, while it is stopped, and after it was killed.
func TestContainerd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("containerd"); err != nil {
		t.Skip("containerd is not installed")
	}
	if os.Geteuid() != 0 {
		t.Skip("containerd runs as root only")
	}
	dir := shortDir(t)
	process := startContainerd(t, dir)
	p := newProber(t, Options{Root: dir, Timeout: 10 * time.Second})
	answers := func(r Result, err error) bool {
		return err == nil && r.Version.Outcome == health.Available && r.Status.Outcome == health.Available
	}
	r := until(t, p, "containerd starts", answers)
	if r.Name != "containerd" || r.Release == "" {
		t.Errorf("version %+v", r)
	}
	want := map[string]Condition{
		RuntimeReady: {RuntimeReady, true, ""},
		NetworkReady: {NetworkReady, false, "NetworkPluginNotReady"},
	}
	for _, c := range r.Conditions {
		if w, ok := want[c.Type]; ok && w != c {
			t.Errorf("without a network plugin: %+v, want %+v", c, w)
		}
		delete(want, c.Type)
	}
	if len(want) > 0 {
		t.Errorf("it does not say %v", want)
	}

	plugin(t, dir)
	until(t, p, "a network plugin appears", func(r Result, _ error) bool {
		for _, c := range r.Conditions {
			if c.Type == NetworkReady {
				return c.Status
			}
		}
		return false
	})

	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.timeout = 300 * time.Millisecond
	hangs := func(r Result, err error) bool {
		return err == nil && r.Version.Outcome == health.Timeout && r.Status.Outcome == health.Timeout
	}
	until(t, p, "containerd is stopped", hangs) // which the kernel does in its own time
	if r, err := p.Ask(t.Context()); !hangs(r, err) {
		t.Errorf("once stopped it stays so: %+v, %v", r, err)
	}
	p.timeout = 10 * time.Second
	if err := process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	until(t, p, "containerd goes on", answers)

	if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	until(t, p, "containerd is killed", func(r Result, err error) bool { return err == nil && r.Version.Outcome == Refused })
}

// plugin gives containerd a network plugin that is configured; nothing calls it.
func plugin(t *testing.T, dir string) {
	t.Helper()
	for name, text := range map[string]string{
		"bin/loopback":        "#!/bin/sh\n",
		"cni/10-net.conflist": `{"cniVersion":"0.4.0","name":"net","plugins":[{"type":"loopback"}]}`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(name, "bin/") {
			mode = 0o755
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
}
