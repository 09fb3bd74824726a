package terminal

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// Width is how many columns a terminal has, or 0 for what is no terminal.
func Width(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// Columns is how many columns a text takes: two for each Chinese character.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	if wide(r) {
		return 2
	}
	return 1
}

func wide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// Wrap parts a text into lines of at most so many columns, between words or Chinese
// characters. A word that is longer has a line of its own. With 0 columns the text is
// one line. White space is one space each.
func Wrap(text string, columns int) []string {
	if columns <= 0 {
		return []string{strings.Join(strings.Fields(text), " ")}
	}
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		gap := " "
		for _, part := range unbreakable(word) {
			n := Columns(part)
			switch {
			case line == "":
				line, used = part, n
			case used+len(gap)+n > columns:
				lines = append(lines, line)
				line, used = part, n
			default:
				line, used = line+gap+part, used+len(gap)+n
			}
			gap = ""
		}
	}
	return append(lines, line)
}

// Hang is a text that is wrapped after a lead, in lines that go on below an indent, each with
// its end. The indent is as wide as the lead, and counts among the columns.
func Hang(lead, indent, text string, columns int) string {
	if columns > 0 {
		columns = max(columns-Columns(indent), 1)
	}
	var b strings.Builder
	for _, line := range Wrap(text, columns) {
		b.WriteString(strings.TrimRight(lead+line, " ") + "\n")
		lead = indent
	}
	return b.String()
}

// closing are the signs that no line begins with, and opening those that none ends with.
const (
	closing = "，。、；：？！）」』》〉】”’…"
	opening = "（「『《〈【“‘"
)

// unbreakable parts a word where a line may end within it: beside Chinese characters.
func unbreakable(word string) []string {
	var parts []string
	begin := 0
	before := utf8.RuneError
	for i, r := range word {
		breaks := i > 0 && (wide(before) || wide(r)) && !strings.ContainsRune(closing, r) && !strings.ContainsRune(opening, before)
		if breaks {
			parts, begin = append(parts, word[begin:i]), i
		}
		before = r
	}
	return append(parts, word[begin:])
}
