package mixin_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// headingsInChinese are the headings of a runbook and what they are in Chinese.
func headingsInChinese() map[string]string {
	return map[string]string{"Meaning": "意義", "Impact": "影響", "Diagnosis": "診斷", "Mitigation": "處理"}
}

// outline lists the blocks of a document in order, with everything that must be
// the same in a translation: levels, numbers, commands, code and targets of links.
func outline(source []byte) []string {
	var lines []string
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			lines = append(lines, "heading "+string(n.Lines().Value(source)))
			return ast.WalkSkipChildren, nil
		case *ast.FencedCodeBlock:
			lines = append(lines, "commands "+string(n.Lines().Value(source)))
		case *ast.Paragraph, *ast.TextBlock, *extast.TableCell:
			lines = append(lines, n.Kind().String()+" "+strings.Join(fixed(n, source), " "))
			return ast.WalkSkipChildren, nil
		case *ast.List, *ast.ListItem, *extast.Table, *extast.TableRow, *extast.TableHeader:
			lines = append(lines, n.Kind().String())
		}
		return ast.WalkContinue, nil
	})
	return lines
}

// fixed are the code spans and link targets of a block, sorted: another language
// has another order of words.
func fixed(block ast.Node, source []byte) []string {
	var parts []string
	_ = ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			var b bytes.Buffer
			for child := n.FirstChild(); child != nil; child = child.NextSibling() {
				if t, ok := child.(*ast.Text); ok {
					b.Write(t.Segment.Value(source))
				}
			}
			parts = append(parts, "`"+strings.Join(strings.Fields(b.String()), " ")+"`")
		case *ast.Link:
			parts = append(parts, "->"+string(n.Destination))
		}
		return ast.WalkContinue, nil
	})
	slices.Sort(parts)
	return parts
}

// TestRunbooksAreTheSameInChinese compares each runbook with its translation.
func TestRunbooksAreTheSameInChinese(t *testing.T) {
	t.Parallel()
	english := files(t, "runbooks/*.md")
	if chinese := files(t, "runbooks/zh-TW/*.md"); len(chinese) != len(english) {
		t.Errorf("%d runbooks, %d translations", len(english), len(chinese))
	}
	for _, file := range english {
		translated := filepath.Join("runbooks/zh-TW", filepath.Base(file))
		theirs, err := os.ReadFile(translated)
		if err != nil {
			t.Errorf("%s: no translation: %v", file, err)
			continue
		}
		want, got := outline([]byte(read(t, file))), outline(theirs)
		for i, line := range want {
			if heading, ok := strings.CutPrefix(line, "heading "); ok && headingsInChinese()[heading] != "" {
				want[i] = "heading " + headingsInChinese()[heading]
			}
		}
		if i := difference(want, got); i >= 0 {
			t.Errorf("%s differs from the English text at block %d:\nEnglish: %q\nChinese: %q", translated, i+1, at(want, i), at(got, i))
		}
	}
}

func difference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if at(a, i) != at(b, i) {
			return i
		}
	}
	return -1
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// TestADifferentTranslationIsFound breaks a text in one place at a time.
func TestADifferentTranslationIsFound(t *testing.T) {
	t.Parallel()
	const english = "# A\n\n## B\n\nSee `x` and [y](Z.md).\n\n1. Run it.\n\n```sh\nls -l\n```\n\n| a | b |\n| --- | --- |\n| c | `d` |\n"
	if i := difference(outline([]byte(english)), outline([]byte(strings.Replace(english, "See", "請看", 1)))); i >= 0 {
		t.Errorf("other words count as a difference at block %d", i)
	}
	for _, change := range [][2]string{
		{"ls -l", "ls -a"}, {"`x`", "`z`"}, {"`x`", "x"}, {"Z.md", "Y.md"}, {"1. Run it.", "Run it."}, {"## B", "### C"}, {"| c | `d` |", "| c | d |"}, {"```sh\nls -l\n```\n", ""},
	} {
		if difference(outline([]byte(english)), outline([]byte(strings.Replace(english, change[0], change[1], 1)))) < 0 {
			t.Errorf("%q for %q is not found", change[1], change[0])
		}
	}
}
