package sources

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/sources/health"
)

func resolvConfFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestNameServers(t *testing.T) {
	t.Parallel()
	got, err := nameServers(resolvConfFile(t, "search default.svc.cluster.local svc.cluster.local\nnameserver 169.254.20.10\nnameserver fd00::a\nnameserver 10.96.0.10\nnameserver 10.0.0.4\noptions ndots:5\n"))
	if diff := cmp.Diff([]string{"169.254.20.10:53", "[fd00::a]:53", "10.96.0.10:53"}, got); err != nil || diff != "" {
		t.Errorf("%v, servers (-want +got):\n%s", err, diff)
	}
	for file, want := range map[string]health.Reason{
		resolvConfFile(t, "search a\n"):           health.NotFound,
		filepath.Join(t.TempDir(), "resolv.conf"): health.Failed,
	} {
		if _, err := nameServers(file); health.Classify(err) != want {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}
