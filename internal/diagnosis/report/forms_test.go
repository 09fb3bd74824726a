package report_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	source "github.com/yuin/goldmark/text"
	"golang.org/x/net/html"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// hostile is what an object of a cluster may be called or say to become more than text.
const hostile = "1. <script>alert(1)</script> | [a](javascript:x) @team #1 `x` **b** _c_ ![i](https://evil.example/i) www.evil.example ~~d~~ &lt; \\"

// told is a result with one incident whose texts are those of a hostile cluster, and with
// something that could not be read.
func told() *diagnosis.Result {
	a := full()
	a.Commands = "echo '```'\nNODE='" + hostile + "'\n"
	a.Findings[0].Description, a.Findings[0].Detail = hostile, hostile
	a.Findings[0].Evidence = []ruleeval.Evidence{{Series: "full{node=\"``" + hostile + "`\"}", Value: 1, Metric: "full"}}
	all := incidents(a)
	all[0].Summary, all[0].Since = hostile, time.Unix(1.7e9, 0)
	return &diagnosis.Result{
		Cluster: hostile, At: time.Unix(1.7e9, 0).Add(time.Minute), Alerts: []diagnosis.FiringAlert{a}, Incidents: all,
		Coverage:    diagnosis.Coverage{Evaluated: []string{"DiskFull"}, NotEvaluated: []string{"other"}},
		Unavailable: []diagnosis.Unavailable{{Kind: diagnosis.Source, Name: "pods", Reason: "forbidden", Detail: hostile}},
	}
}

func written(t *testing.T, write func(io.Writer, *diagnosis.Result) error, r *diagnosis.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// in is a form in a language.
func in(language string, form func(io.Writer, *diagnosis.Result, string) error) func(io.Writer, *diagnosis.Result) error {
	return func(w io.Writer, r *diagnosis.Result) error { return form(w, r, language) }
}

// TestMarkdown verifies that a parser reads a row for each incident and the commands as
// they are, and that nothing of the cluster is markup, a link or a mention.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	r := told()
	r.Incidents = append(r.Incidents, incidents(full())...)
	text := []byte(written(t, in(report.English, report.Markdown), r))
	rows, links, scripts := 0, []string{}, []string{}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(source.NewReader(text))
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *tables.TableRow:
			if rows++; n.ChildCount() != 4 {
				t.Errorf("a row of %d cells in:\n%s", n.ChildCount(), text)
			}
		case *ast.Link:
			links = append(links, string(n.Destination))
		case *ast.FencedCodeBlock:
			scripts = append(scripts, string(n.Lines().Value(text)))
		case *ast.AutoLink, *ast.Image, *ast.RawHTML, *ast.HTMLBlock, *ast.Emphasis, *tables.Strikethrough:
			t.Errorf("%s of the cluster in:\n%s", n.Kind(), text)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if rows != 2 {
		t.Errorf("%d rows for 2 incidents in:\n%s", rows, text)
	}
	if len(links) != 1 || links[0] != "https://x" {
		t.Errorf("links %q, want that of the runbook alone", links)
	}
	if len(scripts) != 1 || scripts[0] != r.Alerts[0].Commands {
		t.Errorf("commands %q, want %q", scripts, r.Alerts[0].Commands)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if inCode := regexp.MustCompile("^(# kubevitals check: `|  - `|NODE=)").MatchString(line); !inCode && strings.ContainsAny(line, "@") {
			t.Errorf("a mention in %q", line)
		}
	}
	mustSay(t, string(text), "| critical | 1\\. \\<script\\>", "| 2023-11-14 22:13:20 UTC |", "## Could not be read\n\n- forbidden: source pods\n", "Asked for, but this look cannot tell: other.")
}

// TestHTML verifies that the file shows what the result says, word by word, needs nothing
// from outside and runs nothing.
func TestHTML(t *testing.T) {
	t.Parallel()
	r := told()
	document, err := html.Parse(strings.NewReader(written(t, in(report.English, report.HTML), r)))
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for n := range document.Descendants() {
		if n.Type == html.TextNode {
			shown.WriteString(n.Data)
		}
		for _, a := range n.Attr {
			if (a.Key == "href" && a.Val != "https://x") || a.Key == "src" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img" || n.Data == "link") {
			t.Errorf("a %s", n.Data)
		}
	}
	// The title, the summary, the description, what the platform said, the evidence, the
	// commands and the error.
	if got := strings.Count(shown.String(), hostile); got != 8 {
		t.Errorf("%d times of 8 what the cluster says as it says it in:\n%s", got, shown.String())
	}
	mustSay(t, shown.String(), "Incidents: 1 (1 critical)", "full{node=\"``1. <script>", "echo '```'")
	mustSay(t, written(t, in(report.English, report.HTML), &diagnosis.Result{}), "<title>Could not tell, ")
}

// TestGitHub verifies that each incident is one annotation of its severity, which reads
// as it should.
func TestGitHub(t *testing.T) {
	t.Parallel()
	r := told()
	r.Incidents[0].Summary = "100% full:\nyes, ::error::no"
	info := full()
	info.Findings[0].Severity = "info"
	r.Incidents = append(r.Incidents, incidents(info)...)
	got := written(t, report.GitHub, r)
	want := `::error title=DiskFull (node=n)::100%25 full:` + "\uFFFD" + `yes, ::error::no%0ARunbook: https://x
::notice title=DiskFull (node=n)::Disk ` + "\uFFFD" + ` of n is full.%0ARunbook: https://x
::warning title=kubevitals could not read everything::forbidden: source pods
`
	if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 4 || !strings.HasSuffix(got, "Findings: 1.\n") {
		t.Errorf("got:\n%s\nwant:\n%sand the result in one line", got, want)
	}
}

// TestChinese verifies that what people read is in Chinese but for names and what the
// cluster says, and that severities stand below each other.
func TestChinese(t *testing.T) {
	t.Parallel()
	r := told()
	r.Cluster, r.Incidents[0].Summary, r.Alerts[0].For = "c", "節點 n-1 的磁碟已滿。", "5m"
	var out bytes.Buffer
	if err := report.Text(&out, r, report.Style{Language: report.Chinese, Columns: 60}); err != nil {
		t.Fatal(err)
	}
	mustSay(t, out.String(), "節點 n-1 的磁碟已滿。", "1 分鐘", "事件：1（1 項", "持續 5 分鐘後告警。", "讀不到的部分：", "forbidden：來源 pods", "先看：", "處理手冊：")
	markdown := written(t, in(report.Chinese, report.Markdown), r)
	mustSay(t, markdown, "| 嚴重程度 | 問題 | 開始於 | 可能引起的告警 |", "## 詳細內容", "## 讀不到的部分")
	mustSay(t, written(t, in(report.Chinese, report.HTML), r), `<html lang="zh-TW">`, "<title>事件：1（1 項",
		`:lang(zh-TW) td:nth-child(3)::before { content: "開始於 "; }`, `:lang(zh-TW) td:nth-child(4)::before { content: "可能引起："; }`)
	for _, text := range []string{out.String(), markdown} {
		if english := regexp.MustCompile(`(?m)^.*\b(and|more|which|fires|Look|Incidents|severity|Likely)\b.*$`).FindString(text); english != "" {
			t.Errorf("in English: %s", english)
		}
	}
}
