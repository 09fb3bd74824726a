package web

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
)

// body is a runbook as it is shown.
type body struct {
	// Whole is the runbook in its own order, for who reads it at leisure. Where it is
	// empty, the parts stand in the order of who was called.
	Whole template.HTML
	// Summary is what the alert means, Cause what the runbook says of the cause that is
	// known, and Setup the commands that those of all other parts begin with.
	Summary, Cause, Setup template.HTML
	// Fix is the last section, and Diagnosis the one before.
	Fix, Diagnosis section
	// More are the sections that come before those in the runbook, and About what it
	// says of the alert itself.
	More  []section
	About template.HTML
}

type section struct {
	Heading string
	Body    template.HTML
}

// whole makes HTML of a runbook in its own order. Raw HTML in the source is left out by goldmark.
func whole(markdown goldmark.Markdown, source []byte) (body, error) {
	all, err := htmlOf(markdown, source, []ast.Node{markdown.Parser().Parse(text.NewReader(source))})
	return body{Whole: all}, err
}

// fixFirst makes HTML of a runbook with what is to be done first. known tells of a
// word whether it is what is known of the alert at present, such as its cause.
func fixFirst(markdown goldmark.Markdown, source []byte, known func(word string) bool) (body, error) {
	doc := markdown.Parser().Parse(text.NewReader(source))
	lead, sections := split(doc)
	if len(lead) == 0 || len(sections) < 2 {
		return whole(markdown, source)
	}
	var b body
	diagnosis, fix := &sections[len(sections)-2], sections[len(sections)-1]
	var setup []ast.Node
	if len(diagnosis.nodes) > 0 && diagnosis.nodes[0].Kind() == ast.KindFencedCodeBlock {
		setup, diagnosis.nodes = diagnosis.nodes[:1], diagnosis.nodes[1:]
	}
	var err error
	render := func(nodes []ast.Node) template.HTML {
		if err != nil {
			return ""
		}
		var out template.HTML
		out, err = htmlOf(markdown, source, nodes)
		return out
	}
	shown := func(p part) section { return section{string(p.heading.Lines().Value(source)), render(p.nodes)} }
	b.Summary, b.About, b.Setup = render(lead[:1]), render(lead[1:]), render(setup)
	b.Fix, b.Diagnosis = shown(fix), shown(*diagnosis)
	for _, p := range sections[:len(sections)-2] {
		b.More = append(b.More, shown(p))
	}
	b.Cause = render(knownOf(doc, source, known)) // the last, for it takes all else out
	return b, err
}

// part is what stands below a heading.
type part struct {
	heading *ast.Heading
	nodes   []ast.Node
}

// split returns what comes before the first section, and the sections.
func split(doc ast.Node) (lead []ast.Node, sections []part) {
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok && h.Level == 2 {
			sections = append(sections, part{heading: h})
			continue
		}
		if len(sections) == 0 {
			lead = append(lead, n)
			continue
		}
		last := &sections[len(sections)-1]
		last.nodes = append(last.nodes, n)
	}
	return lead, sections
}

// knownOf returns the rows of tables and the entries of lists that begin with a word
// in code that is known, each table with its head. It removes the others.
func knownOf(doc ast.Node, source []byte, known func(string) bool) []ast.Node {
	var found []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Kind() != east.KindTable && n.Kind() != ast.KindList {
			return ast.WalkContinue, nil
		}
		kept := 0
		for _, one := range children(n) {
			switch {
			case one.Kind() == east.KindTableHeader:
			case slices.ContainsFunc(wordsAtBegin(one, source), known):
				kept++
			default:
				n.RemoveChild(n, one)
			}
		}
		if kept > 0 {
			found = append(found, n)
		}
		return ast.WalkSkipChildren, nil
	})
	return found
}

// wordsAtBegin are the words in code that a row or an entry begins with: one, or some
// with commas between.
func wordsAtBegin(n ast.Node, source []byte) (list []string) {
	for n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeBlock {
		n = n.FirstChild()
	}
	for one := n.FirstChild(); one != nil; one = one.NextSibling() {
		switch one := one.(type) {
		case *ast.CodeSpan:
			list = append(list, runbook.SpanText(one, source))
		case *ast.Text:
			if between := bytes.TrimSpace(one.Segment.Value(source)); !slices.Contains([]string{"", ",", "、"}, string(between)) {
				return list
			}
		default:
			return list
		}
	}
	return list
}

func children(n ast.Node) (list []ast.Node) {
	for one := n.FirstChild(); one != nil; one = one.NextSibling() {
		list = append(list, one)
	}
	return list
}

func htmlOf(markdown goldmark.Markdown, source []byte, nodes []ast.Node) (template.HTML, error) {
	var b bytes.Buffer
	for _, n := range nodes {
		if err := markdown.Renderer().Render(&b, source, n); err != nil {
			return "", fmt.Errorf("render a runbook: %w", err)
		}
	}
	return template.HTML(b.String()), nil //nolint:gosec // goldmark escapes the source, and commands.render the labels
}
