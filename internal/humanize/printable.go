package humanize

import (
	"strings"
	"unicode"
)

// Printable is a text of the cluster as it may stand in a terminal or on a page: whatever
// would steer either, or show the letters around it in another order, is replaced.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !Steers(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// Steers tells of a character that is no text: one of control, of format, such as U+202E
// that turns the order of what follows, or one that ends a line.
func Steers(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
