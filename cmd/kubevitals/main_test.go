package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runProgram runs the program until it ends by itself, or for at most a minute.
func runProgram(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	code = run(ctx, args, &out, &errs, func(*slog.Logger) {})
	if ctx.Err() != nil {
		t.Fatal("the program did not end by itself")
	}
	return code, out.String(), errs.String()
}

// kubeconfig writes a kubeconfig of a server that does not exist.
func kubeconfig(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestAddressesAreFreeAfterAFailure verifies that no listener is left of a program that
// could not be built.
func TestAddressesAreFreeAfterAFailure(t *testing.T) {
	t.Parallel()
	metrics, health := freeAddress(t), freeAddress(t)
	code, _, stderr := runProgram(t, "--kubeconfig="+kubeconfig(t), "--kubelet.ca-file=/does/not/exist", "--log.level=error",
		"--web.listen-address="+metrics, "--web.health-listen-address="+health)
	if code != exitConfig {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, address := range []string{metrics, health} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			continue
		}
		_ = l.Close()
	}
}

func TestBadInputGivesOneClearLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	const listen = "--web.listen-address=127.0.0.1:0"

	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"unknown flag", []string{"--no-such-flag"}, exitUsage, "unknown long flag '--no-such-flag'"},
		{"bad duration", []string{"--kubelet.timeout=soon"}, exitUsage, "--kubelet.timeout=soon: give a duration, such as 30s"},
		{"bad number", []string{"--shard=abc"}, exitUsage, "--shard=abc: give a whole number"},
		{"half a number", []string{"--shard=1.5", "--total-shards=3"}, exitUsage, "--shard=1.5: give a whole number"},
		{"bad choice", []string{"check", "--output=yaml"}, exitUsage, "--output=yaml: enum value must be one of text,markdown,html,json,junit,sarif,github"},
		{"zero duration", []string{"--kubelet.timeout=0s"}, exitUsage, "--kubelet.timeout"},
		{"bad address type", []string{"--kubelet.preferred-address-types=Home"}, exitUsage, `"Home"`},
		{"bad concurrency", []string{"--kubelet.concurrency=0"}, exitUsage, "--kubelet.concurrency"},
		{"bad port", []string{"--kubelet.port=99999"}, exitUsage, "--kubelet.port"},
		{"no such shard", []string{listen, "--demo", "--shard=3", "--total-shards=3"}, exitUsage, "there is no shard 3 of 3"},
		{"no shards", []string{listen, "--demo", "--total-shards=0"}, exitUsage, "--total-shards=0"},
		{"which shard", []string{listen, "--demo", "--total-shards=2"}, exitUsage, "Give --shard"},
		{"bad scope", []string{"--scope=galaxy"}, exitUsage, "galaxy"},
		{"missing host root", []string{listen, "--kubeconfig=" + kubeconfig(t), "--host.root=/does/not/exist"}, exitConfig, "--host.root"},
		{"missing kubeconfig", []string{listen, "--kubeconfig=/does/not/exist"}, exitConfig, "/does/not/exist"},
		{"broken kubeconfig", []string{listen, "--kubeconfig=" + write(t, "{[")}, exitConfig, "kubeconfig"},
		{"empty kubeconfig", []string{listen, "--kubeconfig=" + write(t, "")}, exitConfig, "kubeconfig"},
		{"unknown context", []string{listen, "--kubeconfig=" + kubeconfig(t), "--kubeconfig.context=moon"}, exitConfig, "moon"},
		{"missing kubelet CA", []string{listen, "--kubeconfig=" + kubeconfig(t), "--kubelet.ca-file=/does/not/exist"}, exitConfig, "/does/not/exist"},
		{"kubelet CA without a certificate", []string{listen, "--kubeconfig=" + kubeconfig(t), "--kubelet.ca-file=" + write(t, "hello")}, exitConfig, "certificate"},
		{"missing web configuration", []string{listen, "--kubeconfig=" + kubeconfig(t), "--web.config.file=/does/not/exist"}, exitConfig, "/does/not/exist"},
		{"missing dump", []string{listen, "--snapshot=/does/not/exist"}, exitConfig, "/does/not/exist"},
		{"no dump", []string{listen, "--snapshot=" + write(t, "hello")}, exitConfig, "nothing in it is of a cluster"},
		{"kubeconfig for a dump", []string{listen, "--snapshot=" + kubeconfig(t)}, exitConfig, "give it to --kubeconfig"},
		{"dump and demo", []string{listen, "--demo", "--snapshot=x"}, exitUsage, "--snapshot excludes --demo"},
		{"snapshot without a folder", []string{"snapshot"}, exitUsage, "dir"},
		{"snapshot into a full folder", []string{"snapshot", "--demo", filepath.Dir(write(t, ""))}, exitFailed, "is not empty"},
		{"snapshot without a window", []string{"snapshot", "--demo", "--window=0s", "x"}, exitUsage, "--window"},
		{"taken port", []string{"--kubeconfig=" + kubeconfig(t), "--web.listen-address=" + taken.Addr().String()}, exitListen, taken.Addr().String()},
		{"taken port of the probes", []string{listen, "--kubeconfig=" + kubeconfig(t), "--web.health-listen-address=" + taken.Addr().String()}, exitListen, taken.Addr().String()},
		{"no port", []string{"--kubeconfig=" + kubeconfig(t), "--web.listen-address=127.0.0.1"}, exitListen, "127.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runProgram(t, append(tt.args, "--log.level=error")...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.Contains(stderr, tt.says) || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "kubevitals: ") {
				t.Errorf("stderr is not one line that begins with the program and says %q:\n%s", tt.says, stderr)
			}
			if stdout != "" {
				t.Errorf("stdout: %q", stdout)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runProgram(t, "--help")
	if code != exitOK || stderr != "" || !strings.Contains(stdout, "--[no-]collector.apiserver") || !strings.Contains(stdout, "Exit codes:") {
		t.Errorf("--help: code %d, stderr %q, stdout:\n%s", code, stderr, stdout)
	}
	code, stdout, stderr = runProgram(t, "--version")
	if code != exitOK || !strings.HasPrefix(stdout+stderr, "kubevitals, version") {
		t.Errorf("--version: code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
