package snapshot_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// TestOneObjectInTwoFiles verifies that of the states of an object the one counts that
// was written last, whatever the order of the files, and that this is said.
func TestOneObjectInTwoFiles(t *testing.T) {
	t.Parallel()
	node := func(version, ready string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"Node","metadata":{"name":"n","resourceVersion":%q},"status":{"conditions":[{"type":"Ready","status":%q}]}}`, version, ready)
	}
	for name, test := range map[string]struct {
		first, second, ready string
		warned               bool
	}{
		"the newer comes first":     {node("1000", "True"), node("999", "False"), "True", true},
		"the newer comes last":      {node("999", "False"), node("1000", "True"), "True", true},
		"the same state":            {node("999", "True"), node("999", "True"), "True", false},
		"no versions, so the last":  {node("", "False"), node("", "True"), "True", false},
		"not a number, so the last": {node("a", "False"), node("9", "True"), "True", false},
	} {
		s, err := snapshot.Read(t.Context(), folder(t, map[string]string{"a.json": test.first, "b.json": test.second}))
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Objects) != 1 {
			t.Fatalf("%s: %d objects", name, len(s.Objects))
		}
		n := s.Objects[0].(*corev1.Node)
		if got := string(n.Status.Conditions[0].Status); got != test.ready || n.ResourceVersion != "" {
			t.Errorf("%s: ready is %s, version %q", name, got, n.ResourceVersion)
		}
		if warned := strings.Contains(strings.Join(s.Warnings, "\n"), "highest resourceVersion counts: 1 (Node n)"); warned != test.warned {
			t.Errorf("%s: warnings %q", name, s.Warnings)
		}
		_ = s.Close()
	}
}
