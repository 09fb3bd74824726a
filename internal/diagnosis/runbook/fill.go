package runbook

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fill puts the values of labels in the place of their placeholders: '<label>',
// in single quotes, becomes the value in single quotes. Whatever the value holds,
// it stays one word of the script and is never run. A placeholder stays as it is
// when
//
//   - labels has no value for it,
//   - the value has a control character, on which a terminal would act when the
//     script is pasted, or is not UTF-8,
//   - it stands where its single quotes do not quote: in double quotes, a comment,
//     or anything that Fill does not read, such as a here-document.
func Fill(script string, labels map[string]string) string {
	var b strings.Builder
	copied := 0
	for _, p := range placeholders(script) {
		value, ok := labels[p.name]
		if !ok || !printable(value) {
			continue
		}
		b.WriteString(script[copied:p.from])
		b.WriteString(Quote(value))
		copied = p.to
	}
	return b.String() + script[copied:]
}

// Placeholders returns the names of the placeholders that Fill would replace, in
// the order of the script.
func Placeholders(script string) []string {
	var names []string
	for _, p := range placeholders(script) {
		names = append(names, p.name)
	}
	return names
}

// Quote makes one word of POSIX shell that stands for the value.
func Quote(value string) string {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func printable(value string) bool {
	return utf8.ValidString(value) && !strings.ContainsFunc(value, unicode.IsControl)
}

// place is where a placeholder stands, its quotes included.
type place struct {
	name     string
	from, to int
}

// placeholders finds the single-quoted words <name> of a script. It stops at the
// first thing that it cannot read with certainty, and so misses rather than
// invents.
func placeholders(script string) []place {
	s := scanner{text: script}
	for s.at < len(s.text) && s.code() {
	}
	return s.found
}

// scanner reads a script as far as quotes go.
type scanner struct {
	text  string
	at    int
	found []place
}

// code reads one piece outside of quotes. It is false where the scan must end.
func (s *scanner) code() bool {
	switch c := s.text[s.at]; {
	case c == '\\':
		s.at += 2
	case c == '\'':
		return s.single()
	case c == '"':
		s.at++
		return s.double()
	case c == '`', strings.HasPrefix(s.text[s.at:], "<<") && !strings.HasPrefix(s.text[s.at:], "<<<"):
		return false
	case strings.HasPrefix(s.text[s.at:], "<<<"):
		s.at += 3
	case strings.HasPrefix(s.text[s.at:], "$'"):
		return s.ansi()
	case c == '#' && (s.at == 0 || strings.ContainsRune(" \t\n;&|()", rune(s.text[s.at-1]))):
		end := strings.IndexByte(s.text[s.at:], '\n')
		if end < 0 {
			return false
		}
		s.at += end
	default:
		s.at++
	}
	return true
}

// single reads a word in single quotes.
func (s *scanner) single() bool {
	length := strings.IndexByte(s.text[s.at+1:], '\'')
	if length < 0 {
		return false
	}
	word, to := s.text[s.at+1:s.at+1+length], s.at+length+2
	if name, ok := strings.CutPrefix(word, "<"); ok {
		if name, ok = strings.CutSuffix(name, ">"); ok && isName(name) {
			s.found = append(s.found, place{name: name, from: s.at, to: to})
		}
	}
	s.at = to
	return true
}

// isName is whether the text between < and > names something: a label, or in
// words what the reader must find out.
func isName(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '_' && r != ' ' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// ansi reads $'...', in which backslashes escape.
func (s *scanner) ansi() bool {
	for s.at += 2; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '\'':
			s.at++
			return true
		}
	}
	return false
}

// double reads on to the end of double quotes. Of what may stand within, it reads
// plain text, variables, and commands that hold no quotes of their own but single
// words.
func (s *scanner) double() bool {
	for s.at < len(s.text) {
		switch {
		case s.text[s.at] == '\\':
			s.at += 2
		case s.text[s.at] == '"':
			s.at++
			return true
		case s.text[s.at] == '`':
			return false
		case strings.HasPrefix(s.text[s.at:], "$("):
			s.at += 2
			if !s.substitution() {
				return false
			}
		case strings.HasPrefix(s.text[s.at:], "${"):
			end := strings.IndexByte(s.text[s.at:], '}')
			if end < 0 || strings.ContainsAny(s.text[s.at:s.at+end], "'\"`(\\") {
				return false
			}
			s.at += end + 1
		default:
			s.at++
		}
	}
	return false
}

// substitution reads on to the parenthesis that ends $( within double quotes.
func (s *scanner) substitution() bool {
	for depth := 1; s.at < len(s.text); {
		switch {
		// A branch of case ends with a parenthesis that nothing opened.
		case strings.HasPrefix(s.text[s.at:], "case"):
			return false
		case s.text[s.at] == '(':
			depth++
		case s.text[s.at] == ')':
			if depth--; depth == 0 {
				s.at++
				return true
			}
		}
		if !s.code() {
			return false
		}
	}
	return false
}
