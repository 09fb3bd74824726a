package cri

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kubevitals/kubevitals/sources/health"
)

// framed is the message as the body of an answer.
func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

func text(field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), value)
}

// status is the answer to Status with one condition.
func status(kind string, good uint64, reason string) []byte {
	c := text(conditionType, kind)
	c = protowire.AppendVarint(protowire.AppendTag(c, conditionStatus, protowire.VarintType), good)
	c = append(c, text(conditionReason, reason)...)
	return text(statusStatus, string(text(runtimeConditions, string(c))))
}

// answer replies with a body and a status behind it.
func answer(body []byte, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Trailer", "Grpc-Status")
		w.Header().Set("Content-Type", "application/grpc")
		_, _ = w.Write(body)
		w.Header().Set("Grpc-Status", code)
	}
}

// serve answers Version and Status on a socket below root.
func serve(t *testing.T, root, path string, version, status http.HandlerFunc) {
	t.Helper()
	socket := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runtime.v1.RuntimeService/Version", version)
	mux.HandleFunc("POST /runtime.v1.RuntimeService/Status", status)
	s := &http.Server{Handler: mux, Protocols: &http.Protocols{}}
	s.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
}

// shortDir is a temporary folder whose path leaves room for that of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cri")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func newProber(t *testing.T, o Options) *Prober {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	p, err := New(o, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(t *testing.T, p *Prober) Result {
	t.Helper()
	r, err := p.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.Version.Duration, r.Status.Duration = 0, 0
	return r
}

func version(name string) http.HandlerFunc {
	body := append(text(1, "0.1.0"), text(versionRuntimeName, name)...)
	return answer(framed(append(body, text(versionRuntimeVersion, "v1")...)), "0")
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	good := status(NetworkReady, 1, "")
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	tests := []struct {
		name    string
		status  http.HandlerFunc
		timeout time.Duration
		want    health.Reason
		say     []Condition
	}{
		{"good", answer(framed(good), "0"), 0, health.Available, []Condition{{NetworkReady, true, ""}}},
		{"bad", answer(framed(status(NetworkReady, 0, "NetworkPluginNotReady")), "0"), 0, health.Available, []Condition{{NetworkReady, false, "NetworkPluginNotReady"}}},
		{"no conditions", answer(framed(nil), "0"), 0, health.Available, nil},
		{"a later version with more fields", answer(framed(append(protowire.AppendFixed32(protowire.AppendTag(nil, 9, protowire.Fixed32Type), 1), good...)), "0"), 0, health.Available, []Condition{{NetworkReady, true, ""}}},
		{"no such call", answer(nil, "12"), 0, Unimplemented, nil},
		{"its own time is up", answer(nil, "4"), 0, health.Timeout, nil},
		{"a failure", answer(nil, "13"), 0, health.Failed, nil},
		{"no status", answer(framed(good), ""), 0, health.Failed, nil},
		{"not gRPC", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 0, health.Failed, nil},
		{"half a message", answer(framed(good)[:9], "0"), 0, health.Failed, nil},
		{"no message of CRI", answer(framed([]byte{0x0a, 0x7f}), "0"), 0, health.Failed, nil},
		{"no message of CRI within", answer(framed(text(statusStatus, "\x0a\x7f")), "0"), 0, health.Failed, nil},
		{"no answer", hang, 2 * time.Second, health.Timeout, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := shortDir(t)
			serve(t, root, "s", version("runtime"), tt.status)
			r := ask(t, newProber(t, Options{Root: root, Endpoints: []string{"unix:///s"}, Timeout: tt.timeout}))
			if r.Status.Outcome != tt.want {
				t.Errorf("outcome %s, want %s", r.Status.Outcome, tt.want)
			}
			if diff := cmp.Diff(tt.say, r.Conditions); tt.want == health.Available && diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhichSocketIsAsked: the first that answers is, and stays it.
func TestWhichSocketIsAsked(t *testing.T) {
	t.Parallel()
	root := shortDir(t)
	p := newProber(t, Options{Root: root})
	_, err := p.Ask(t.Context())
	if health.Classify(err) != health.NotFound {
		t.Errorf("no socket: %v, want not_found", err)
	}
	// A containerd that serves Docker alone, and a socket that CRI-O left behind.
	none := answer(nil, "12")
	serve(t, root, "run/containerd/containerd.sock", none, none)
	if got := ask(t, p).Version.Outcome; got != Unimplemented {
		t.Errorf("containerd without CRI: %s, want unimplemented", got)
	}
	abandon(t, root, "run/crio/crio.sock")
	if got := ask(t, p).Version.Outcome; got != Refused {
		t.Errorf("no process listens: %s, want refused", got)
	}
	serve(t, root, "run/cri-dockerd.sock", version("docker"), answer(framed(nil), "0"))
	if r := ask(t, p); r.Name != "docker" || r.Release != "v1" {
		t.Errorf("asked %+v, want docker", r)
	}
	if err := os.Remove(filepath.Join(root, "run/cri-dockerd.sock")); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, p).Version.Outcome; got != NoSocket {
		t.Errorf("the runtime that was there is gone: %s, want no_socket", got)
	}
}

// abandon leaves a socket at which no process listens.
func abandon(t *testing.T, root, path string) {
	t.Helper()
	socket := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEndOfContext(t *testing.T) {
	t.Parallel()
	root := shortDir(t)
	serve(t, root, "s", version("runtime"), answer(framed(nil), "0"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newProber(t, Options{Root: root, Endpoints: []string{"/s"}})
	if _, err := p.Ask(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestPathOfSockets(t *testing.T) {
	t.Parallel()
	p := newProber(t, Options{Root: "/host", Endpoints: []string{"unix:///var/run/crio/crio.sock", "/a"}})
	if diff := cmp.Diff([]string{"/host/run/crio/crio.sock", "/host/a"}, p.sockets); diff != "" {
		t.Errorf("sockets (-want +got):\n%s", diff)
	}
	long := "/" + string(make([]byte, 200))
	for _, o := range []Options{{Timeout: -1}, {Endpoints: []string{"tcp://127.0.0.1:1"}}, {Endpoints: []string{"a"}}, {Endpoints: []string{long}}} {
		if _, err := New(o, time.Now); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
