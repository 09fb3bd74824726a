package target

import (
	"context"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// TestClock verifies that the clock stands, at first at the end.
func TestClock(t *testing.T) {
	t.Parallel()
	begin, end := time.Unix(1000, 0), time.Unix(1030, 0)
	c := newClock(begin, end)
	for _, step := range []struct {
		move func() time.Time
		want time.Time
	}{{c.Now, end}, {c.AtBegin, begin}, {c.Now, begin}, {c.AtEnd, end}, {c.Now, end}} {
		if got := step.move(); !got.Equal(step.want) {
			t.Errorf("it is %s, want %s", got, step.want)
		}
	}
}

// TestDemo verifies that kubelets of the demonstration can be verified, also where no
// temporary file can be made, as in the image.
func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	d, err := Demo(t.Context(), kubelet.Options{Port: 7}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(d.Kubelets.CAData) || d.Kubelets.Port != 7 || d.Name != d.REST.Host || d.Snapshot != nil || d.Clock != nil {
		t.Errorf("%+v", d)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestFromSnapshot verifies what is known of a dump by another program.
func TestFromSnapshot(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "nodes.yaml")
	text := `apiVersion: v1
kind: Node
metadata: {name: worker-1, creationTimestamp: "2026-01-01T00:00:00Z"}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := FromSnapshot(t.Context(), file, kubelet.Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != file || s.Snapshot == nil || !s.Clock.Now().Equal(s.Snapshot.Taken) {
		t.Errorf("%+v", s)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := FromSnapshot(context.Background(), "/does/not/exist", kubelet.Options{}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a snapshot that does not exist is read")
	}
}

// TestLive verifies that a kubeconfig that was named must exist, and that the API
// server is told who asks.
func TestLive(t *testing.T) {
	t.Parallel()
	if _, err := Live("/does/not/exist", "", kubelet.Options{}); err == nil || !strings.Contains(err.Error(), "--kubeconfig: ") {
		t.Errorf("%v", err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: t}}]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Live(file, "x", kubelet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Name != "https://127.0.0.1:1" || !strings.HasPrefix(l.REST.UserAgent, "kubevitals/") || l.Close() != nil {
		t.Errorf("%+v", l)
	}
	if _, err := Live(file, "moon", kubelet.Options{}); err == nil || !strings.Contains(err.Error(), "moon") {
		t.Errorf("a context that is not there: %v", err)
	}
}
