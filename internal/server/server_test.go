package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

func flags(addresses ...string) *web.FlagConfig {
	systemd, config := false, ""
	return &web.FlagConfig{WebListenAddresses: &addresses, WebSystemdSocket: &systemd, WebConfigFile: &config}
}

// TestServe verifies that a request under way is answered after the end.
func TestServe(t *testing.T) {
	t.Parallel()
	f := flags("127.0.0.1:0")
	listeners, err := Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stop()
		_, _ = io.WriteString(w, "the last answer")
	})
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, listeners, stopped, Options{Web: f, WriteTimeout: time.Minute, Serving: func(u string) { urls <- u }}, slog.New(slog.DiscardHandler))
	}()
	response, err := http.Get(<-urls)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "the last answer" {
		t.Errorf("%q, %v", body, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestServeAtTwoAddresses verifies that each address serves by the file for TLS, however
// many there are.
func TestServeAtTwoAddresses(t *testing.T) {
	t.Parallel()
	f := flags("127.0.0.1:0", "127.0.0.1:0")
	*f.WebConfigFile = filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(*f.WebConfigFile, []byte("http_server_config: {headers: {X-Frame-Options: deny}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	listeners, err := Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	urls, ended := make(chan string, 2), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, listeners, hello, Options{Web: f, WriteTimeout: time.Minute, Serving: func(u string) { urls <- u }}, slog.New(slog.DiscardHandler))
	}()
	for range listeners {
		response, err := http.Get(<-urls)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || string(body) != "hello" || response.Header.Get("X-Frame-Options") != "deny" {
			t.Errorf("%q with %v, %v", body, response.Header, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestListenOnATakenAddress verifies that the error names the address, and that those
// before it are free again.
func TestListenOnATakenAddress(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	if _, err := Listen(t.Context(), flags(address, taken.Addr().String())); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("%v, want the address", err)
	}
	again, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("still open: %v", err)
	}
	_ = again.Close()
}

func TestURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ip      string
		secured bool
		want    string
	}{
		{"0.0.0.0", false, "http://127.0.0.1:80"}, {"::", false, "http://127.0.0.1:80"},
		{"::1", false, "http://[::1]:80"}, {"10.0.0.1", true, "https://10.0.0.1:80"},
	} {
		if got := url(&net.TCPAddr{IP: net.ParseIP(test.ip), Port: 80}, test.secured); got != test.want {
			t.Errorf("%s: %s, want %s", test.ip, got, test.want)
		}
	}
}

// TestHeaderIsBounded verifies that a client does not decide how much memory what it says
// of itself takes.
func TestHeaderIsBounded(t *testing.T) {
	t.Parallel()
	f := flags("127.0.0.1:0")
	listeners, err := Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, listeners, http.NotFoundHandler(), Options{Web: f, WriteTimeout: time.Minute, Serving: func(u string) { urls <- u }}, slog.New(slog.DiscardHandler))
	}()
	address := <-urls
	for size, want := range map[int]int{headerLimit / 2: http.StatusNotFound, 2 * headerLimit: http.StatusRequestHeaderFieldsTooLarge} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Large", strings.Repeat("x", size))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("a header of %d bytes is answered with %d, want %d", size, response.StatusCode, want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestSelfMade verifies that a certificate that was made now serves those who do not verify
// it, that no two processes have the same, and that a file which names one goes before it.
func TestSelfMade(t *testing.T) {
	t.Parallel()
	one, err := SelfMade(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := SelfMade(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one.Certificates[0].Certificate[0], other.Certificates[0].Certificate[0]) {
		t.Error("two processes have the same certificate")
	}
	f := flags("127.0.0.1:0")
	listeners, err := Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, listeners, hello, Options{Web: f, TLS: one, WriteTimeout: time.Minute, Serving: func(u string) { urls <- u }}, slog.New(slog.DiscardHandler))
	}()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Get(<-urls)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.TLS == nil || !bytes.Equal(response.TLS.PeerCertificates[0].Raw, one.Certificates[0].Certificate[0]) {
		t.Error("it does not serve its certificate")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReadWebConfig(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]WebConfig{
		"": {}, "tls_server_config: {cert_file: a}\n": {TLS: true}, "basic_auth_users: {a: b}\n": {Passwords: true},
		"tls_server_config: {min_version: TLS13}\n":                                       {}, // which is served in the clear
		"tls_server_config: {}\nhttp_server_config: {http2: false}\n# basic_auth_users\n": {},
	} {
		file := filepath.Join(t.TempDir(), "web.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadWebConfig(file); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	if got, err := ReadWebConfig(""); err != nil || got != (WebConfig{}) {
		t.Errorf("without a file: %+v, %v", got, err)
	}
	if _, err := ReadWebConfig("/does/not/exist"); err == nil {
		t.Error("a file that is not there is read")
	}
}
