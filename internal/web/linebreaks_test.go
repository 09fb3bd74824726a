package web_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kubevitals/kubevitals/internal/web"
	"github.com/kubevitals/kubevitals/mixin"
)

var (
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	// Each row and each entry of a list is on a line of its own.
	notProse     = regexp.MustCompile(`(?m)^ *(#|\|).*$`)
	entry        = regexp.MustCompile(`(?m)^ *(?:[0-9]+\.|-) `)
	markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	withinHan    = regexp.MustCompile(`([\p{Han}，。、；：（）「」！？])\n *([\p{Han}，。、；：（）「」！？])|([，。、；：（）「」！？])\n *|\n *([，。、；：（）「」！？])`)
	escaped      = regexp.MustCompile(`\\([<>*_\[\]|])`)
)

// prose returns the paragraphs of a document as one reads them.
func prose(markdown string) []string {
	markdown = notProse.ReplaceAllString(codeBlock.ReplaceAllString(markdown, "\n"), "\n")
	var paragraphs []string
	for paragraph := range strings.SplitSeq(entry.ReplaceAllString(markdown, "\n\n"), "\n\n") {
		paragraph = withinHan.ReplaceAllString(strings.TrimSpace(paragraph), "$1$3$2$4")
		paragraph = markdownLink.ReplaceAllString(paragraph, "$1")
		paragraph = strings.NewReplacer("`", "", "**", "").Replace(paragraph)
		if paragraph = onOneLine(escaped.ReplaceAllString(paragraph, "$1")); paragraph != "" {
			paragraphs = append(paragraphs, paragraph)
		}
	}
	return paragraphs
}

func onOneLine(words string) string { return strings.Join(strings.Fields(words), " ") }

// TestTextOfPageIsTextOfMarkdown reads all runbooks in both languages: no space is
// lost where a line ends, and none comes between two Chinese characters.
func TestTextOfPageIsTextOfMarkdown(t *testing.T) {
	t.Parallel()
	h := handler(t)
	compared := 0
	for lang, dir := range map[string]string{"en": "runbooks/", "zh-TW": "runbooks/zh-TW/"} {
		files, _ := fs.Glob(mixin.Files(), dir+"*.md")
		for _, file := range files {
			source, err := fs.ReadFile(mixin.Files(), file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(strings.TrimPrefix(file, dir), ".md")
			root, err := html.Parse(get(t, h, web.Root+name+"?lang="+lang).Body)
			if err != nil {
				t.Fatal(err)
			}
			var shown strings.Builder
			for n := range root.Descendants() {
				if n.Type == html.TextNode {
					shown.WriteString(n.Data)
				}
			}
			text := onOneLine(shown.String())
			for _, paragraph := range prose(string(source)) {
				if !strings.Contains(text, paragraph) {
					t.Errorf("%s does not read on its page as in its source: %s", file, paragraph)
				}
				compared++
			}
		}
	}
	if compared < 2000 {
		t.Errorf("only %d paragraphs were compared", compared)
	}
}
