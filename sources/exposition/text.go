package exposition

import (
	"bytes"
	"fmt"
	"strings"
)

// validName tells whether the bytes are a metric name as every version of the
// format allows it without quotes.
func validName(name []byte) bool {
	for i, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':':
		case i > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return true
}

// closing returns where the brace that opens text closes, or -1. Braces within
// label values do not count.
func closing(text []byte) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case '}':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

// hasValue tells whether a value follows the name and its labels.
func hasValue(rest []byte) bool {
	if rest[0] == '{' {
		end := closing(rest)
		if end < 0 {
			return false
		}
		rest = rest[end+1:]
	}
	return len(bytes.TrimSpace(rest)) > 0
}

// quoted counts a sample whose name stands within the braces, in quotes: the
// form for names outside the old alphabet.
func (p *parser) quoted(line []byte, cut bool) error {
	text := bytes.TrimLeft(line[1:], " \t")
	if len(text) == 0 || text[0] != '"' {
		return fmt.Errorf("braces without a quoted name: %s", excerpt(line))
	}
	var name strings.Builder
	i := 1
	for ; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			if text[i] == 'n' {
				name.WriteByte('\n')
				continue
			}
		}
		name.WriteByte(text[i])
	}
	if i == len(text) || name.Len() == 0 {
		return fmt.Errorf("a quoted name without an end: %s", excerpt(line))
	}
	if !cut && !hasValue(line) {
		return fmt.Errorf("a sample without a value: %s", excerpt(line))
	}
	p.count([]byte(name.String()))
	if p.last == nil || p.last.visit == nil || cut {
		return nil
	}
	// The labels are what follows the name and its comma.
	rest := bytes.TrimLeft(text[i+1:], ", \t")
	return p.visit(append([]byte{'{'}, rest...))
}

// Label returns the value of the label of that name within the text between the
// braces of a sample, with escapes resolved; false if it is not there.
func Label(labels []byte, name string) (string, bool) {
	for len(labels) > 0 {
		key, rest, found := bytes.Cut(labels, []byte{'='})
		if !found {
			return "", false
		}
		rest = bytes.TrimLeft(rest, " \t")
		if len(rest) == 0 || rest[0] != '"' {
			return "", false
		}
		end := 1
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return "", false
		}
		if string(bytes.TrimSpace(key)) == name {
			return unescape.Replace(string(rest[1:end])), true
		}
		labels = bytes.TrimLeft(rest[end+1:], ", \t")
	}
	return "", false
}

// unescape resolves the three escapes of the format; it is never changed.
var unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n")

// excerpt is the beginning of a line as an error may show it.
func excerpt(line []byte) string {
	const most = 60
	if len(line) > most {
		return fmt.Sprintf("%q...", line[:most])
	}
	return fmt.Sprintf("%q", line)
}
