package exposition

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestLongNames verifies that names are told apart by their beginning, in whole
// characters, and that the report says that its numbers are bounds.
func TestLongNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", nameLimit)
	for _, test := range []struct {
		name, body string
		families   int64
		truncated  bool
	}{
		{"as long as allowed", long + " 1\n", 1, false},
		{"longer", long + "b 1\n" + long + "c{d=\"e\"} 1\n", 1, true},
		{"quoted", "{\"" + long[1:] + "é\"} 1\n", 1, true},
	} {
		r, err := Parse(strings.NewReader(test.body), Options{TopN: 9})
		if err != nil || r.Families != test.families || r.Truncated != test.truncated || r.Series != int64(strings.Count(test.body, "\n")) {
			t.Errorf("%s: %+v, %v", test.name, r, err)
		}
		for _, f := range r.Top {
			if len(f.Name) > nameLimit || !utf8.ValidString(f.Name) {
				t.Errorf("%s: the name has %d bytes: %q", test.name, len(f.Name), f.Name)
			}
		}
	}
}
