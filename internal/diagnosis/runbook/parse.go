package runbook

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Parse reads a runbook. It fails when the text is not UTF-8, has no title, or
// has a fenced block that nothing ends.
func Parse(markdown []byte) (*Runbook, error) {
	if !utf8.Valid(markdown) {
		return nil, errors.New("the runbook is not UTF-8")
	}
	document := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(markdown))
	r := &reader{source: markdown}
	for block := document.FirstChild(); block != nil; block = block.NextSibling() {
		if err := r.block(block); err != nil {
			return nil, err
		}
	}
	if r.book.Title == "" {
		return nil, errors.New("the runbook has no title: it must begin with a line \"# NAME\"")
	}
	return &r.book, nil
}

// reader collects a runbook block by block.
type reader struct {
	source []byte
	book   Runbook
}

func (r *reader) block(block ast.Node) error {
	switch block := block.(type) {
	case *ast.Heading:
		r.heading(block)
	case *ast.FencedCodeBlock:
		return r.code(block)
	case *ast.List:
		if !block.IsOrdered() {
			r.prose(block)
			return nil
		}
		number := block.Start
		for item := block.FirstChild(); item != nil; item = item.NextSibling() {
			if err := r.item(item, number); err != nil {
				return err
			}
			number++
		}
	default:
		r.prose(block)
	}
	return nil
}

func (r *reader) heading(h *ast.Heading) {
	words := r.raw(h)
	switch {
	case h.Level == 1 && r.book.Title == "":
		r.book.Title = words
	case h.Level == 2:
		r.book.Sections = append(r.book.Sections, Section{Heading: words})
	}
}

// item begins a step. Blocks in the item itself belong to it as those after it do.
func (r *reader) item(item ast.Node, number int) error {
	section := r.section()
	if section == nil {
		return nil
	}
	section.Steps = append(section.Steps, Step{Number: number})
	for block := item.FirstChild(); block != nil; block = block.NextSibling() {
		// A numbered list within a step is prose, not more steps.
		if code, ok := block.(*ast.FencedCodeBlock); ok {
			if err := r.code(code); err != nil {
				return err
			}
			continue
		}
		r.prose(block)
	}
	return nil
}

// prose adds a paragraph, each entry of a list or each row of a table to the step.
func (r *reader) prose(block ast.Node) {
	if r.section() == nil {
		return
	}
	if list, ok := block.(*ast.List); ok {
		for item := list.FirstChild(); item != nil; item = item.NextSibling() {
			r.prose(item)
		}
		return
	}
	if block.Kind() == east.KindTable {
		for row := block.FirstChild(); row != nil; row = row.NextSibling() {
			r.prose(row)
		}
		return
	}
	step := r.step()
	if words := r.raw(block); words != "" {
		step.Parts = append(step.Parts, Part{Text: words})
	}
	// The function that walks fails never, and so does Walk.
	_ = ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if span, ok := n.(*ast.CodeSpan); ok && entering {
			step.Spans = append(step.Spans, SpanText(span, r.source))
		}
		return ast.WalkContinue, nil
	})
}

// raw returns the Markdown of a block and of those within it, on one line.
func (r *reader) raw(block ast.Node) string {
	if lines := block.Lines(); lines.Len() > 0 {
		return oneLine(lines.Value(r.source))
	}
	var words []string
	separator := " "
	if kind := block.Kind(); kind == east.KindTableRow || kind == east.KindTableHeader {
		separator = " | "
	}
	for child := block.FirstChild(); child != nil && child.Type() == ast.TypeBlock; child = child.NextSibling() {
		words = append(words, r.raw(child))
	}
	return strings.Join(words, separator)
}

// SpanText is what stands between the backticks, on one line.
func SpanText(span *ast.CodeSpan, source []byte) string {
	var b strings.Builder
	for child := span.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			b.Write(t.Segment.Value(source))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

func oneLine(words []byte) string { return strings.Join(strings.Fields(string(words)), " ") }

func (r *reader) code(block *ast.FencedCodeBlock) error {
	lines := block.Lines()
	if lines.Len() == 0 || r.section() == nil {
		return nil
	}
	first, last := lines.At(0), lines.At(lines.Len()-1)
	// The parser takes the end of the text for the end of a block that has none.
	if rest := bytes.TrimLeft(r.source[last.Stop:], " \t>"); !bytes.HasPrefix(rest, []byte("```")) && !bytes.HasPrefix(rest, []byte("~~~")) {
		return fmt.Errorf("no line ends the block of code under %q that begins with %q", r.section().Heading, oneLine(first.Value(r.source)))
	}
	if slices.Contains([]string{"sh", "bash", "shell"}, string(block.Language(r.source))) {
		step := r.step()
		step.Parts = append(step.Parts, Part{Commands: string(lines.Value(r.source))})
	}
	return nil
}

// section is the one that is being read, or nil before the first.
func (r *reader) section() *Section {
	if len(r.book.Sections) == 0 {
		return nil
	}
	return &r.book.Sections[len(r.book.Sections)-1]
}

// step is the one that is being read; the first is made when something needs it.
func (r *reader) step() *Step {
	section := r.section()
	if len(section.Steps) == 0 {
		section.Steps = append(section.Steps, Step{})
	}
	return &section.Steps[len(section.Steps)-1]
}
