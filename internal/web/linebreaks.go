package web

import (
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// lineBreaks takes out the ends of lines that are no space: those within Chinese.
// goldmark's own extension for it takes out those before code and links, too.
type lineBreaks struct{}

// Transform implements parser.ASTTransformer.
func (lineBreaks) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	source := reader.Source()
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		t, ok := n.(*ast.Text)
		if !ok || !entering || !t.SoftLineBreak() {
			return ast.WalkContinue, nil
		}
		before, _ := utf8.DecodeLastRune(t.Segment.Value(source))
		after := firstRune(t.NextSibling(), source)
		if wide(before) && wide(after) || takesItsOwnSpace(before) || takesItsOwnSpace(after) {
			t.SetSoftLineBreak(false)
		}
		return ast.WalkContinue, nil
	})
}

// firstRune is what the text of a node and of those within it begins with.
func firstRune(n ast.Node, source []byte) rune {
	for ; n != nil; n = n.FirstChild() {
		if t, ok := n.(*ast.Text); ok {
			r, _ := utf8.DecodeRune(t.Segment.Value(source))
			return r
		}
	}
	return utf8.RuneError
}

func wide(r rune) bool { return unicode.Is(unicode.Han, r) || takesItsOwnSpace(r) }

// takesItsOwnSpace says whether a rune is a punctuation mark as wide as a Chinese character.
func takesItsOwnSpace(r rune) bool {
	return unicode.IsPunct(r) && (r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef)
}
