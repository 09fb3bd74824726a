package mixin_test

import (
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources/logs"
)

// TestEverySignatureIsExplained verifies that the table of signatures and the runbook of
// the alert that names them agree.
func TestEverySignatureIsExplained(t *testing.T) {
	t.Parallel()
	text := read(t, "runbooks/KubeVitalsComponentLogKnownCause.md")
	known := map[string]bool{}
	for _, s := range logs.Signatures() {
		known[s.Name] = true
		if !strings.Contains(text, "| `"+s.Name+"` |") {
			t.Errorf("the runbook does not explain signature %s", s.Name)
		}
	}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			if name, _, _ = strings.Cut(name, "`"); !known[name] {
				t.Errorf("the runbook explains %s, which nothing looks for", name)
			}
		}
	}
}
