package terminal_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/terminal"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		columns    int
		want       []string
	}{
		{"nothing", "", 10, []string{""}},
		{"as wide as the line", "ten of ten", 10, []string{"ten of ten"}},
		{"one too many", "ten of tens", 10, []string{"ten of", "tens"}},
		{"a word that fits nowhere", "see kubevitals_node_disk for more", 8, []string{"see", "kubevitals_node_disk", "for more"}},
		{"never", "  a \n b ", 0, []string{"a b"}},
		{"Chinese", "節點未就緒，因為 kubelet 未執行。", 10, []string{"節點未就", "緒，因為", "kubelet 未", "執行。"}},
		{"a name within", "見`kubectl get`的輸出", 12, []string{"見`kubectl", "get`的輸出"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, terminal.Wrap(test.text, test.columns)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzWrap verifies that lines fit but for single words, and that together they have the
// text, whatever it is.
func FuzzWrap(f *testing.F) {
	f.Add("Node worker-3 has not been ready for 29m 10s, because its kubelet does not run.", uint8(20))
	f.Add("節點 worker-3（kubelet）未就緒，「原因」未知。", uint8(9))
	f.Fuzz(func(t *testing.T, text string, columns uint8) {
		if !isText(text) {
			t.Skip()
		}
		lines := terminal.Wrap(text, int(columns))
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if squeeze(strings.Join(lines, "\n")) != squeeze(text) {
			t.Errorf("%q became %q", text, lines)
		}
		words := strings.Fields(text)
		for _, line := range lines {
			if columns > 0 && terminal.Columns(line) > int(columns) && strings.Contains(line, " ") {
				t.Errorf("%q does not fit in %d", line, columns)
			}
			for word := range strings.FieldsSeq(line) {
				if ascii(text) && !slices.Contains(words, word) {
					t.Errorf("%q is no word of %q", word, text)
				}
			}
		}
	})
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' })
}

func isText(text string) bool { return strings.ToValidUTF8(text, "") == text }

func TestWidthOfNoTerminal(t *testing.T) {
	t.Parallel()
	if got := terminal.Width(&bytes.Buffer{}); got != 0 {
		t.Errorf("a buffer has %d columns", got)
	}
}
