package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// TestAuthFilterIsRefused verifies that what cannot go together with it is said, and does
// not leave the pages open.
func TestAuthFilterIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(file, []byte("basic_auth_users: {me: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for flags, says := range map[string]string{
		"--demo":                    "--web.auth-filter needs a cluster that lives",
		"--snapshot=" + file:        "--web.auth-filter needs a cluster that lives",
		"--web.config.file=" + file: "--web.auth-filter excludes basic_auth_users",
		"--web.systemd-socket":      "--web.auth-filter with --web.systemd-socket needs a certificate",
	} {
		var stderr bytes.Buffer
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		code := run(ctx, []string{"--web.auth-filter", flags, "--web.listen-address=127.0.0.1:0"}, io.Discard, &stderr, func(*slog.Logger) {})
		stop()
		if code != exitUsage || !strings.Contains(stderr.String(), says) {
			t.Errorf("%s: exit code %d, %s", flags, code, stderr.String())
		}
	}
}

// TestAuthFilter verifies that nothing is served in the clear, nor to whom the cluster does
// not know: the fake one makes no reviews.
func TestAuthFilter(t *testing.T) {
	t.Parallel()
	files := played(t, &fakecluster.Spec{Version: "v1.37.2", APIServers: []fakecluster.APIServer{{Name: "a"}}})
	pages := serving(t, "--kubeconfig="+files.Kubeconfig, "--web.auth-filter")
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	get := func(url, token string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	for path, status := range map[string]int{"": 401, "metrics": 401, "runbooks/": 401, "livez": 200} {
		if got := get(pages+path, ""); got != status {
			t.Errorf("/%s: %d, want %d", path, got, status)
		}
	}
	if got := get(pages+"metrics", "some"); got != http.StatusServiceUnavailable {
		t.Errorf("a token that nobody could look at: %d", got)
	}
	plain, ok := strings.CutPrefix(pages, "https://")
	if !ok {
		t.Fatalf("it serves %s", pages)
	}
	if got := get("http://"+plain+"livez", ""); got != http.StatusBadRequest {
		t.Errorf("in the clear: %d", got)
	}
}
