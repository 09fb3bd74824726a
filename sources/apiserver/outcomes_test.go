package apiserver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

func TestSickServers(t *testing.T) {
	t.Parallel()
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	tests := []struct {
		name   string
		handle http.HandlerFunc
		want   health.Reason
		up     bool
		checks int
	}{
		{"a failing check", status(500, "[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n"), Unhealthy, true, 4},
		{"no rights", status(403, ""), health.Forbidden, true, 0},
		{"no such path", status(404, ""), health.NotFound, true, 0},
		{"too much to do", status(429, ""), health.Overloaded, true, 0},
		{"a redirect elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
		}, health.Failed, false, 0}, // with a page that says so
		{"a connection that breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, health.Failed, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, tt.handle)
			r := round(t, newProber(t, Options{}, s.config(), nothing()))[0]
			got := outcomes(r)["livez"]
			if tt.want == health.Failed { // how the break shows depends on the protocol
				if got == health.Available {
					t.Error("livez is ok")
				}
			} else if got != tt.want {
				t.Errorf("livez: %s, want %s", got, tt.want)
			}
			if r.Up != tt.up || len(r.Checks) != tt.checks {
				t.Errorf("up %t and %d checks, want %t and %d", r.Up, len(r.Checks), tt.up, tt.checks)
			}
		})
	}
}

func TestUnreachableServers(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	hung := newServer(t, func(http.ResponseWriter, *http.Request) { <-hang })
	t.Cleanup(func() { close(hang) })
	killed := newServer(t, healthy)
	tests := []struct {
		name   string
		config *rest.Config
		before func()
		// within is short only where nothing comes in time.
		within time.Duration
		want   health.Reason
	}{
		{"killed", killed.config(), killed.Close, time.Minute, health.Unreachable},
		{"hung", hung.config(), func() {}, 200 * time.Millisecond, health.Timeout},
		{"an unknown authority", &rest.Config{Host: newServer(t, healthy).URL}, func() {}, time.Minute, health.TLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProber(t, Options{Timeout: tt.within}, tt.config, nothing())
			tt.before()
			r := round(t, p)[0]
			if r.Up || outcomes(r)["livez"] != tt.want || outcomes(r)["read"] != tt.want {
				t.Errorf("up %t, outcomes %v; want %s", r.Up, outcomes(r), tt.want)
			}
		})
	}
}

// FuzzParseChecks verifies that each check has a name, and one result.
func FuzzParseChecks(f *testing.F) {
	f.Add([]byte("[+]ping ok\n[-]etcd failed: reason withheld\n[+]log excluded: ok\nwarn: some\nlivez check failed\n"))
	f.Add([]byte("[+]\n[-] \n[+]a"))
	f.Add([]byte("[+]\x8a\n[+]\xb4"))
	f.Fuzz(func(t *testing.T, body []byte) {
		seen := map[string]bool{}
		for _, c := range parseChecks("livez", body) {
			if c.Name == "" || seen[c.Name] || strings.ContainsAny(c.Name, " \n") {
				t.Errorf("check %q", c.Name)
			}
			seen[c.Name] = true
		}
	})
}
