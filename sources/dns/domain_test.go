package dns

import (
	"os"
	"path/filepath"
	"testing"
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
