package humanize

import "testing"

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"節點 worker-1 is full: 98 %":            "節點 worker-1 is full: 98 %",
		"\x1b[31mred\a":                        "\uFFFD[31mred\uFFFD",
		"image\u202egnp.exe":                   "image\uFFFDgnp.exe",
		"a\u2066b\u200bc\u2028d\ufeffe\u0085f": "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf",
		"not UTF-8: \xff":                      "not UTF-8: \uFFFD",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
