package snapshot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources"
)

// TestObjectsThatTakeMemoryAreRefused verifies that what is small as text and large once
// it is decoded is refused with one line that says why.
func TestObjectsThatTakeMemoryAreRefused(t *testing.T) {
	t.Parallel()
	l := standardLimits()
	l.values, l.lines = 1_000, 2_000
	node := func(status string) string {
		return `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"status":` + status + `}`
	}
	var fields strings.Builder
	for i := range mostFields + 1 {
		fmt.Fprintf(&fields, `"f%d":1,`, i)
	}
	for name, test := range map[string]struct{ file, text, says string }{
		"many empty values": {"a.json", node(`{"conditions":[` + strings.Repeat("{},", 2_000) + `{}]}`), "more than 1000 values"},
		"deep":              {"a.json", node(strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)), "nested deeper than 64"},
		"many fields":       {"a.json", `{` + fields.String() + `"kind":"Node","apiVersion":"v1"}`, "more than 1000 fields"},
		"many lines":        {"a.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus:\n  conditions:\n" + strings.Repeat("  - {}\n", 2_000), "more than 2000 lines"},
		"many flow values":  {"a.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {conditions: [" + strings.Repeat("{},", 2_000) + "]}\n", "more than 2000 lines"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := read(t.Context(), file(t, test.file, test.text), l, sources.Resources())
			if err == nil {
				t.Fatalf("is read: %d objects", len(d.Objects))
			}
			if !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 500 {
				t.Errorf("%q does not say %q in one line", err, test.says)
			}
		})
	}
}
