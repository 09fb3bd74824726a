package dns

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/kubevitals/kubevitals/exporter"
)

// TestDomainOfTheCluster verifies that names of a cluster with a domain of its own are
// asked for under that: an answer that there is no such name would be called a fault.
func TestDomainOfTheCluster(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ given, conf, want string }{
		"of a pod":         {"", "nameserver 10.96.0.10\nsearch kubevitals.svc.corp.example svc.corp.example corp.example eu.internal\noptions ndots:5\n", "corp.example"},
		"absolute":         {"", "search a.svc.corp.example. svc.corp.example. corp.example.\n", "corp.example"},
		"the flag counts":  {"other.example", "search a.svc.corp.example svc.corp.example corp.example\n", "other.example"},
		"of a node":        {"", "nameserver 192.0.2.1\nsearch eu.internal\n", "cluster.local"},
		"without a domain": {"", "search svc. svc\n", "cluster.local"},
	} {
		file := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(file, []byte(test.conf), 0o600); err != nil {
			t.Fatal(err)
		}
		o := Options{ClusterDomain: test.given, ResolvConf: file}
		if err := o.fill(); err != nil || o.ClusterDomain != test.want {
			t.Errorf("%s: %q, %v, want %q", name, o.ClusterDomain, err, test.want)
		}
	}
	for _, file := range []string{"", "/nowhere/resolv.conf"} {
		o := Options{ResolvConf: file}
		if err := o.fill(); err != nil || o.ClusterDomain != "cluster.local" {
			t.Errorf("%q: %q, %v", file, o.ClusterDomain, err)
		}
	}
}

// TestGuessedDomain verifies that a server which has no such domain itself is no sign of
// a fault where the domain was guessed, and that it is one where the domain is known or
// the server holds it.
func TestGuessedDomain(t *testing.T) {
	t.Parallel()
	holds := func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetRcode(q, dns.RcodeNameError)
		m.Authoritative = true
		_ = w.WriteMsg(m)
	}
	for name, test := range map[string]struct {
		handle dns.HandlerFunc
		domain string
		told   bool
	}{
		"guessed, and the server holds another domain": {answer(dns.RcodeNameError), "", false},
		"guessed, and the server holds it":             {holds, "", true},
		"guessed, and the server is broken":            {answer(dns.RcodeServerFailure), "", true},
		"given":                                        {answer(dns.RcodeNameError), "cluster.local", true},
	} {
		p := newProber(t, Options{Servers: []string{serve(t, test.handle)}, ClusterDomain: test.domain}, Discovery{}, time.Now)
		results, err := round(t, p)
		if told := len(results) == 1; told != test.told || told != (err == nil) || err != nil && !exporter.IsIncomplete(err) {
			t.Errorf("%s: results %v, %v", name, results, err)
		}
	}
}
