package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/net/html"
)

// shortestBroken is how long a word is at least that may be broken: it fits into any
// column of a phone.
const shortestBroken = 12

// withWordBreaks returns a page in which long names may be broken where their parts
// meet: after a dot or an underscore, before a capital letter. A browser that has too
// little room would else break them anywhere, and nobody reads "NodeNotRea dy".
func withWordBreaks(page []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(page) + len(page)/16)
	tokens := html.NewTokenizer(bytes.NewReader(page))
	verbatim := 0
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			if err := tokens.Err(); !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("read the page that was made: %w", err)
			}
			return b.Bytes(), nil
		}
		raw := tokens.Raw()
		switch {
		case kind == html.TextToken && verbatim == 0:
			breakWords(&b, raw)
			continue
		case kind == html.StartTagToken && isVerbatim(tokens):
			verbatim++
		case kind == html.EndTagToken && isVerbatim(tokens):
			verbatim--
		}
		b.Write(raw)
	}
}

// isVerbatim says whether the text of an element must stay as it is: commands scroll,
// and in the others an element would be text.
func isVerbatim(tokens *html.Tokenizer) bool {
	name, _ := tokens.TagName()
	return slices.Contains([]string{"pre", "title", "script", "style", "textarea"}, string(name))
}

func breakWords(b *bytes.Buffer, text []byte) {
	for len(text) > 0 {
		end := bytes.IndexAny(text, " \t\n\r\f")
		switch {
		case end == 0:
			b.WriteByte(text[0])
			text = text[1:]
			continue
		case end < 0:
			end = len(text)
		}
		breakWord(b, text[:end])
		text = text[end:]
	}
}

func breakWord(b *bytes.Buffer, word []byte) {
	if len(word) < shortestBroken {
		b.Write(word)
		return
	}
	for i, c := range word {
		b.WriteByte(c)
		if mayBreak(c, word[i+1:]) {
			b.WriteString("<wbr>")
		}
	}
}

// mayBreak tells whether a part of a word ends with a character before the rest. None
// of those after which it breaks is within a character reference such as &amp;.
func mayBreak(before byte, rest []byte) bool {
	if len(rest) == 0 {
		return false
	}
	switch before {
	case '.', ':':
		return !isDigit(rest[0]) // an address and its port stay together
	case '_', ',', '/', '=', '@', '{':
		return true
	}
	if !isUpper(rest[0]) {
		return false
	}
	// Before a capital letter, and before the last one of some: API Server.
	return isLower(before) || isUpper(before) && len(rest) > 1 && isLower(rest[1])
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' || isDigit(c) }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
