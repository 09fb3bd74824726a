package snapshot_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// TestTwoClustersAreNotMixed verifies that a dump with two objects of one name that lived
// at once is refused with both files, and that an object that was replaced is none.
func TestTwoClustersAreNotMixed(t *testing.T) {
	t.Parallel()
	node := func(uid, created, seen string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"Node","metadata":{"name":"worker-1","uid":%q,"resourceVersion":"7","creationTimestamp":%q},
			"status":{"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":%q}]}}`, uid, created, seen)
	}
	const day1, day2, day3 = "2025-06-01T12:00:00Z", "2025-06-02T12:00:00Z", "2025-06-03T12:00:00Z"
	for name, c := range map[string]struct {
		prod, stage string
		refused     bool
	}{
		"two at once":               {node("0b4c", day1, day3), node("7d2f", day1, day3), true},
		"two that overlap":          {node("0b4c", day1, day3), node("7d2f", day2, day3), true},
		"the same at two times":     {node("0b4c", day1, day2), node("0b4c", day1, day3), false},
		"replaced":                  {node("0b4c", day1, day2), node("7d2f", day2, day3), false},
		"replaced, the newer first": {node("0b4c", day2, day3), node("7d2f", day1, day2), false},
		"replaced, clocks apart":    {node("0b4c", day1, "2025-06-02T12:03:00Z"), node("7d2f", day2, day3), false},
		"nothing says until when":   {node("0b4c", day1, day1), node("7d2f", day1, day1), false},
		"no time of creation":       {node("0b4c", "0001-01-01T00:00:00Z", day3), node("7d2f", day1, day3), false},
		"without a uid":             {node("", day1, day3), node("7d2f", day1, day3), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := snapshot.Read(t.Context(), folder(t, map[string]string{"prod/nodes.json": c.prod, "stage/nodes.json": c.stage}))
			if err == nil {
				defer func() { _ = s.Close() }()
			}
			if refused := err != nil; refused != c.refused {
				t.Fatalf("error: %v", err)
			}
			if !c.refused {
				return
			}
			for _, want := range []string{"two clusters", "Node worker-1 has the uid 0b4c in prod/nodes.json and the uid 7d2f in stage/nodes.json"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v: want %q in it", err, want)
				}
			}
		})
	}
}
