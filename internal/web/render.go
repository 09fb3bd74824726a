package web

import (
	"fmt"
	"html/template"
	"regexp"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
)

var otherRunbook = regexp.MustCompile(`^([A-Za-z0-9]+)\.md$`)

// readerOf returns what reads runbooks, with labels filled into their commands, and links to others
// with a query.
func readerOf(own []pair, query string) goldmark.Markdown {
	labels := map[string]string{}
	for _, l := range own {
		labels[l.Name] = l.Value
	}
	return goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithASTTransformers(
			util.Prioritized(links{query}, 100), util.Prioritized(untitled{}, 100), util.Prioritized(lineBreaks{}, 100))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(commands{labels}, 100)), html.WithXHTML()),
	)
}

// links makes links to files of runbooks lead to their pages.
type links struct{ query string }

// Transform implements parser.ASTTransformer.
func (l links) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if to, ok := n.(*ast.Link); ok && entering {
			if m := otherRunbook.FindSubmatch(to.Destination); m != nil {
				to.Destination = []byte(string(m[1]) + "?" + l.query)
			}
		}
		return ast.WalkContinue, nil
	})
}

// untitled takes the title out of a runbook: the page has it, before all else.
type untitled struct{}

// Transform implements parser.ASTTransformer.
func (untitled) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	if title, ok := doc.FirstChild().(*ast.Heading); ok && title.Level == 1 {
		doc.RemoveChild(doc, title)
	}
}

// commands renders blocks of code with the labels filled in.
type commands struct{ labels map[string]string }

// RegisterFuncs implements renderer.NodeRenderer.
func (c commands) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, c.render)
}

func (c commands) render(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	block := n.(*ast.FencedCodeBlock)
	script := string(block.Lines().Value(source))
	if string(block.Language(source)) == "sh" {
		script = runbook.Fill(script, c.labels)
	}
	_, err := fmt.Fprintf(w, `<div class="commands"><pre tabindex="0"><code>%s</code></pre></div>`+"\n", template.HTMLEscapeString(script))
	return ast.WalkSkipChildren, err
}
