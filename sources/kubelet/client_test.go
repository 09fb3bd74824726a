package kubelet

import (
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

const (
	summaryBody = `{"node":{"fs":{"availableBytes":40,"capacityBytes":100,"inodesFree":7,"inodes":9}},"pods":[{"podRef":{"name":"p"}}]}`
	configBody  = `{"kubeletconfig":{"configMapAndSecretChangeDetectionStrategy":"Watch","evictionHard":{"nodefs.available":"10%"},"imageGCHighThresholdPercent":85}}`
	metricsBody = "# TYPE a counter\na 1\nb{x=\"1\"} 1\nb{x=\"2\"} 1\n"
)

// summaryNow is the same, measured just now.
func summaryNow() string {
	return strings.Replace(summaryBody, `"fs":{`, fmt.Sprintf(`"fs":{"time":%q,`, time.Now().Format(time.RFC3339)), 1)
}

// serve answers like a kubelet in good health.
func serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/stats/summary":
		io.WriteString(w, summaryNow())
	case "/configz":
		io.WriteString(w, configBody)
	case "/metrics":
		io.WriteString(w, metricsBody)
	default:
		http.NotFound(w, r)
	}
}

func startTLS(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports each refused handshake
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// caOf writes the certificate of the server to a file, which is its own CA.
func caOf(t *testing.T, server *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func testClient(t *testing.T, o Options, cfg *rest.Config) *client {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	c, err := newClient(o, cfg, (&net.Dialer{Timeout: dialTimeout}).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func targetAt(server *httptest.Server) target {
	return target{node: "worker-1", host: server.Listener.Addr().String()}
}

func TestFetchFromHealthyKubelet(t *testing.T) {
	t.Parallel()
	server := startTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if !r.Close {
			http.Error(w, "the connection would stay open", http.StatusTeapot)
			return
		}
		serve(w, r)
	})
	c := testClient(t, Options{CAFile: caOf(t, server)}, &rest.Config{})
	a, err := c.fetch(t.Context(), targetAt(server), statsSummary)
	if err != nil || a.summary.NodeFS == nil || *a.summary.NodeFS.Bytes != (Room{40, 100}) || *a.summary.NodeFS.Inodes != (Room{7, 9}) {
		t.Errorf("summary: %+v, %v", a.summary, err)
	}
	a, err = c.fetch(t.Context(), targetAt(server), configz)
	if err != nil || a.config.Strategy != "Watch" || a.config.ImageGCHighPercent != 85 || a.config.ImageGCLowPercent != -1 {
		t.Errorf("config: %+v, %v", a.config, err)
	}
	a, err = c.fetch(t.Context(), targetAt(server), metrics)
	if err != nil || a.report.Series != 3 {
		t.Errorf("metrics: %+v, %v", a.report, err)
	}
}

// failures are kubelets in bad health and what must be said of them.
func failures() []failure {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) }
	}
	return []failure{
		{"unauthorized", status(401, "Unauthorized"), health.Unauthorized, "Unauthorized"},
		{"forbidden", status(403, "Forbidden (user=u, verb=get)"), health.Forbidden, "Forbidden (user=u, verb=get)"},
		{"no such endpoint", http.NotFound, health.NotFound, "404"},
		{"too many requests", status(429, ""), health.Overloaded, "429"},
		{"unavailable", status(503, ""), health.Overloaded, "503"},
		{"broken", status(500, "Internal Error: no imagefs"), health.Failed, "no imagefs"},
		{"cannot ask what may be", status(500, "Authorization error (user=admin, verb=get, resource=nodes, subresource=metrics)"), health.Unauthorized, "user=admin"},
		{"redirect is not followed", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				panic("the redirect was followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, health.Invalid, "302"},
		{"hung", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, health.Timeout, "deadline exceeded"},
		{"body that never ends", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"pods":[1`)
			for r.Context().Err() == nil {
				io.WriteString(w, ",1")
				w.(http.Flusher).Flush()
			}
		}, health.Timeout, "deadline exceeded"},
		{"body cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			io.WriteString(w, summaryNow())
		}, health.Invalid, "unexpected EOF"},
		{"chunks cut off", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, summaryNow())
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, health.Invalid, "unexpected EOF"},
		{"not JSON", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, health.Invalid, "invalid character"},
		{"JSON of something else", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }, health.Invalid, "no node"},
	}
}

type failure struct {
	name    string
	handler http.HandlerFunc
	reason  health.Reason
	message string
}

func TestFetchFromSickKubelet(t *testing.T) {
	t.Parallel()
	for _, test := range failures() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startTLS(t, test.handler)
			o := Options{CAFile: caOf(t, server)}
			if test.reason == health.Timeout {
				o.Timeout = 3 * time.Second // for the handshake of a slow machine, too
			}
			_, err := testClient(t, o, &rest.Config{}).fetch(t.Context(), targetAt(server), statsSummary)
			if got := health.Classify(err); got != test.reason {
				t.Errorf("reason %q, want %q (%v)", got, test.reason, err)
			}
			for _, part := range []string{"worker-1", "/stats/summary", test.message} {
				if err != nil && !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if got := outcomeOf(err); got == unreached {
				t.Error("the kubelet was reached")
			}
		})
	}
}

func TestFetchWithoutConnection(t *testing.T) {
	t.Parallel()
	healthy := startTLS(t, serve)
	plain := httptest.NewServer(http.HandlerFunc(serve))
	t.Cleanup(plain.Close)
	closed := httptest.NewTLSServer(nil)
	closed.Close()
	// Accepts connections and says nothing: a frozen process.
	frozen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { frozen.Close() })
	otherName := target{node: "worker-1", host: "localhost:" + port(t, healthy.Listener.Addr())}
	ca := caOf(t, healthy)
	for _, test := range []struct {
		name   string
		o      Options
		cfg    *rest.Config
		to     target
		reason health.Reason
		// shows says that a certificate is shown, if in vain.
		shows bool
	}{
		{"unknown authority", Options{}, &rest.Config{}, targetAt(healthy), health.TLS, true},
		{"CA of the API server does not count", Options{}, &rest.Config{TLSClientConfig: rest.TLSClientConfig{CAFile: ca}}, targetAt(healthy), health.TLS, true},
		{"insecure API server does not count", Options{}, &rest.Config{TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, targetAt(healthy), health.TLS, true},
		{"certificate for another name", Options{CAFile: ca}, &rest.Config{}, otherName, health.TLS, true},
		{"server name of the API server does not count", Options{CAFile: ca}, &rest.Config{TLSClientConfig: rest.TLSClientConfig{ServerName: "example.com"}}, otherName, health.TLS, true},
		{"plain HTTP", Options{InsecureSkipVerify: true}, &rest.Config{}, targetAt(plain), health.TLS, false},
		{"connection refused", Options{}, &rest.Config{}, targetAt(closed), health.Unreachable, false},
		{"frozen before the handshake", Options{Timeout: 300 * time.Millisecond}, &rest.Config{}, target{node: "worker-1", host: frozen.Addr().String()}, health.Timeout, false},
		{"node without address", Options{}, &rest.Config{}, targetOf(node("worker-1"), nil, 0), health.Unreachable, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, err := testClient(t, test.o, test.cfg).fetch(t.Context(), test.to, configz)
			if got := health.Classify(err); got != test.reason {
				t.Errorf("reason %q, want %q (%v)", got, test.reason, err)
			}
			if shown := !a.serving.IsZero(); shown != test.shows {
				t.Errorf("the expiry of the certificate is known: %t, want %t", shown, test.shows)
			}
			if got := outcomeOf(err); got != unreached {
				t.Errorf("outcome %v, want unreached", got)
			}
			if err != nil && !(strings.Contains(err.Error(), "worker-1") && strings.Contains(err.Error(), "/configz")) {
				t.Errorf("%q names no node or endpoint", err)
			}
		})
	}
}

func port(t *testing.T, a net.Addr) string {
	t.Helper()
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestMetricsMayBeCompressed(t *testing.T) {
	t.Parallel()
	server := startTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			http.Error(w, "gzip is not accepted", http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, metricsBody)
		z.Close()
	})
	// Even where traffic with the API server is not to be compressed.
	c := testClient(t, Options{CAFile: caOf(t, server)}, &rest.Config{DisableCompression: true})
	a, err := c.fetch(t.Context(), targetAt(server), metrics)
	if err != nil || a.report.Series != 3 || !a.serving.Equal(server.Certificate().NotAfter) {
		t.Errorf("%+v, certificate until %s, %v", a.report, a.serving, err)
	}
}
