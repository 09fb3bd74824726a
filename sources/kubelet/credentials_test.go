package kubelet

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plugin := file("plugin", `#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'
`, 0o700)
	pair := newPair(t, time.Now())
	for _, test := range []struct {
		name, want string
		cfg        *rest.Config
	}{
		{"token", "Bearer abc", &rest.Config{BearerToken: "abc"}},
		{"token file", "Bearer def", &rest.Config{BearerTokenFile: file("token", "def\n", 0o600)}},
		{"exec plugin", "Bearer from-plugin", &rest.Config{ExecProvider: &clientcmdapi.ExecConfig{
			Command: plugin, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}}},
		{"client certificate", "CN=kubevitals-test", &rest.Config{TLSClientConfig: rest.TLSClientConfig{
			CertFile: file("cert", string(pair.cert), 0o600), KeyFile: file("key", string(pair.key), 0o600),
		}}},
		{"proxy is for the API server", "Bearer abc", &rest.Config{BearerToken: "abc", Proxy: func(r *http.Request) (*url.URL, error) {
			return nil, fmt.Errorf("proxy was asked for %s", r.URL)
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			seen := make(chan string, 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				who := r.Header.Get("Authorization")
				if who == "" && len(r.TLS.PeerCertificates) > 0 {
					who = r.TLS.PeerCertificates[0].Subject.String()
				}
				seen <- who
				serve(w, r)
			}))
			server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
			server.StartTLS()
			t.Cleanup(server.Close)
			c := testClient(t, Options{CAFile: caOf(t, server)}, test.cfg)
			if _, err := c.fetch(t.Context(), targetAt(server), configz); err != nil {
				t.Fatal(err)
			}
			if got := <-seen; got != test.want {
				t.Errorf("kubelet saw %q, want %q", got, test.want)
			}
		})
	}
}

func TestTokenFileIsReadAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	write := func(t *testing.T, token string) {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "first")
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		seen := make(chan string, 1)
		n.set("a", func(h *host) {
			h.handler = func(w http.ResponseWriter, r *http.Request) {
				seen <- r.Header.Get("Authorization")
				serve(w, r)
			}
		})
		client, err := newClient(testOptions(), &rest.Config{BearerTokenFile: file}, n.dial)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{"first", "second"} {
			write(t, token)
			time.Sleep(2 * time.Minute)
			if _, err := client.fetch(t.Context(), targetOf(node("a"), testOptions().PreferredAddressTypes, 0), configz); err != nil {
				t.Fatal(err)
			}
			if got := <-seen; got != "Bearer "+token {
				t.Errorf("kubelet saw %q, want token %q", got, token)
			}
		}
	})
}
