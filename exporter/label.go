package exporter

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf8"
)

// LabelLimit is the longest value of a label in bytes. Most are names that somebody
// else gave, and Prometheus can be told to drop a whole scrape for one that is longer.
const LabelLimit = 200

// labelValue returns a value as it may leave: of at most LabelLimit bytes, in UTF-8. One
// that had to be changed ends in a mark that depends on all of it, so that what was two
// series does not become one.
func labelValue(value string) string {
	if len(value) <= LabelLimit && utf8.ValidString(value) {
		return value
	}
	sum := sha256.Sum256([]byte(value))
	mark := fmt.Sprintf("…%x", sum[:6])
	kept := strings.ToValidUTF8(value[:min(len(value), LabelLimit)], "?")
	end := min(len(kept), LabelLimit-len(mark))
	for end < len(kept) && !utf8.RuneStart(kept[end]) {
		end--
	}
	return kept[:end] + mark
}
