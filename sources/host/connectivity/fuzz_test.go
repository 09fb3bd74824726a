package connectivity

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzReadPeers verifies that a file of peers names peers that can be dialled, or is
// refused.
func FuzzReadPeers(f *testing.F) {
	f.Add("n1 node 10.0.0.1:9 a # first\n\nn2 pod [::1]:9\n")
	f.Add("n1 node\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "peers")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		peers, err := ReadPeers(file)
		if err != nil {
			return
		}
		for _, p := range peers {
			if _, _, err := net.SplitHostPort(p.Address); err != nil || p.Node == "" || !slices.Contains(Kinds(), p.Kind) {
				t.Errorf("%+v, %v", p, err)
			}
		}
	})
}
