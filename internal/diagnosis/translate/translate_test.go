package translate

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"
	"time"
	"unicode"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	prometheus "github.com/prometheus/prometheus/template"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/humanize"
	"github.com/kubevitals/kubevitals/mixin"
)

// placeholders are what a template reads and decides by: labels, functions, texts that it
// compares with, queries.
func placeholders(t *testing.T, alert, text string) map[string]bool {
	t.Helper()
	const names = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$value := .Value}}"
	all := map[string]bool{}
	tree := parse.New(alert)
	tree.Mode = parse.SkipFuncCheck
	parsed, err := tree.Parse(names+text, "", "", map[string]*parse.Tree{})
	if err != nil {
		t.Fatalf("%s: %v in %s", alert, err, text)
	}
	var walk func(parse.Node)
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			if n != nil {
				for _, one := range n.Nodes {
					walk(one)
				}
			}
		case *parse.ActionNode:
			walk(n.Pipe)
		case *parse.IfNode:
			walk(&n.BranchNode)
		case *parse.WithNode:
			walk(&n.BranchNode)
		case *parse.RangeNode:
			walk(&n.BranchNode)
		case *parse.BranchNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		case *parse.PipeNode:
			for _, c := range n.Cmds {
				for _, arg := range c.Args {
					walk(arg)
				}
			}
		case *parse.FieldNode, *parse.VariableNode:
			all[strings.Replace(n.String(), "$one.", ".", 1)] = true
		case *parse.StringNode, *parse.IdentifierNode:
			all[n.String()] = true
		}
	}
	walk(parsed.Root)
	// The plural of English, and how a list goes on.
	for _, grammar := range []string{"ne", "$i", "lt", "$one", "."} {
		delete(all, grammar)
	}
	return all
}

var (
	actions = regexp.MustCompile(`\{\{.*?\}\}`)
	digits  = regexp.MustCompile(`\d+(\.\d+)?`)
)

// numbers are those that stand in the words of a template, without those of names.
func numbers(text string) []string {
	words := actions.ReplaceAllString(text, " ")
	found := map[string]bool{}
	for _, at := range digits.FindAllStringIndex(words, -1) {
		before := strings.TrimRightFunc(words[:at[0]], unicode.IsDigit)
		if before == "" || !unicode.IsLetter(rune(before[len(before)-1])) {
			found[words[at[0]:at[1]]] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// both are the rules that are shipped, and what says them in Chinese.
func both(t *testing.T) (*ruleeval.Rules, *Translator) {
	t.Helper()
	rules, err := diagnosis.AlertRules()
	if err != nil {
		t.Fatal(err)
	}
	chinese, err := Chinese(rules)
	if err != nil {
		t.Fatal(err)
	}
	return rules, chinese
}

// TestEachAlertIsTranslated verifies that each alert has a summary and a description in
// Chinese, and that the latter reads and decides by the same as the English one.
func TestEachAlertIsTranslated(t *testing.T) {
	t.Parallel()
	rules, chinese := both(t)
	texts, err := mixin.Descriptions("zh-TW")
	if err != nil {
		t.Fatal(err)
	}
	alerts := map[string]bool{}
	for _, a := range rules.Alerts() {
		alerts[a.Name] = true
		text := chinese.descriptions[a.Name]
		if text == "" || chinese.summaries[a.Name] == "" {
			t.Errorf("%s: add it to mixin/signals/zh-TW/%s.yaml, and its summary below the title of mixin/runbooks/zh-TW/%s.md", a.Name, a.Signal, a.Name)
			continue
		}
		if strings.Contains(text, "TODO") {
			t.Errorf("mixin/signals/zh-TW/%s.yaml: %s is not written yet", a.Signal, a.Name)
		}
		want, got := placeholders(t, a.Name, a.Description), placeholders(t, a.Name, text)
		for one := range want {
			if !got[one] {
				t.Errorf("mixin/signals/zh-TW/%s.yaml: %s lacks %s, which is in:\n%s", a.Signal, a.Name, one, a.Description)
			}
		}
		for one := range got {
			if !want[one] {
				t.Errorf("mixin/signals/zh-TW/%s.yaml: %s has %s, which is not in:\n%s", a.Signal, a.Name, one, a.Description)
			}
		}
		if want, got := numbers(a.Description), numbers(text); !slices.Equal(want, got) {
			t.Errorf("mixin/signals/zh-TW/%s.yaml: %s has the numbers %v, and in English %v", a.Signal, a.Name, got, want)
		}
	}
	for name := range texts {
		if strings.HasPrefix(name, "KubeVitals") && !alerts[name] {
			t.Errorf("mixin/signals/zh-TW: there is no alert %s", name)
		}
	}
}

// TestDifferencesAreFound breaks a text in one place at a time.
func TestDifferencesAreFound(t *testing.T) {
	t.Parallel()
	const text = `{{ $labels.node }} of {{ with query "x" }}{{ with first . }}{{ if eq .Labels.a "b" }}5 min{{ end }}{{ end }}{{ end }}`
	whole := placeholders(t, "A", text)
	for _, change := range [][2]string{{"$labels.node", "$labels.nod"}, {`"x"`, `"y"`}, {".Labels.a", ".Labels.c"}, {`"b"`, `"d"`}, {"first .", "last ."}} {
		if maps.Equal(whole, placeholders(t, "A", strings.Replace(text, change[0], change[1], 1))) {
			t.Errorf("%s for %s is not found", change[1], change[0])
		}
	}
	if got := numbers("v1 in 5 min, 0.8 {{ 7 }}"); !slices.Equal(got, []string{"0.8", "5"}) {
		t.Errorf("numbers %v", got)
	}
	if text, err := template("{{ with Q2 }}{{ end }}", "{{ query `a` }}", nil); err == nil {
		t.Errorf("a query that there is not: %s", text)
	}
	if text, err := template("<shared none>", "", nil); err == nil {
		t.Errorf("a text that there is not: %s", text)
	}
}

// every are values for the labels of samples that a description looks up: each that one
// compares with, and others.
func every(t *testing.T, english string) []map[string]string {
	t.Helper()
	values := regexp.MustCompile(`eq \S*?(?:\.Labels|\$labels)\.(\w+) "([^"]*)"|eq (\.) "([^"]*)"`)
	first := map[string]string{}
	all := []map[string]string{first}
	for _, m := range values.FindAllStringSubmatch(english, -1) {
		label, value := m[1], m[2]
		if m[3] != "" {
			label, value = "cause", m[4]
		}
		if first[label] == "" {
			first[label] = value
		}
		all = append(all, map[string]string{label: value})
	}
	for _, one := range all {
		for label, value := range first {
			if one[label] == "" {
				one[label] = value
			}
		}
	}
	return all
}

// TestTranslationsAreSentences fills in each description with whatever its alert may bear,
// with and without something found by its queries, and reads the Chinese.
func TestTranslationsAreSentences(t *testing.T) {
	t.Parallel()
	rules, chinese := both(t)
	label := regexp.MustCompile(`abels\.(\w+)`)
	wrong := regexp.MustCompile(`no value|，，|。。|：：|，。|：。|；。|  |[，。；：、（）] | [，。；：、（）]|\p{Han}[a-zA-Z0-9]|[a-zA-Z0-9]\p{Han}`)
	for _, a := range rules.Alerts() {
		for _, values := range every(t, a.Description) {
			for _, found := range []int{0, 1, 7} {
				own := map[string]string{}
				for _, m := range label.FindAllStringSubmatch(a.Description, -1) {
					own[m[1]] = "x1"
				}
				maps.Copy(own, values)
				sample := promql.Sample{Metric: labels.FromMap(own), F: 90061}
				ask := func(context.Context, string, time.Time) (promql.Vector, error) {
					return slices.Repeat(promql.Vector{sample}, found), nil
				}
				expander := prometheus.NewTemplateExpander(t.Context(), "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$value := .Value}}"+chinese.descriptions[a.Name],
					"a", prometheus.AlertTemplateData(own, nil, "", sample), model.TimeFromUnixNano(1e18), ask, &url.URL{}, nil)
				expander.Funcs(chinese.functions)
				text, err := expander.Expand()
				text = strings.TrimSpace(text)
				if found == 0 && err == nil {
					continue // most of what is looked up is there when an alert fires
				}
				if err != nil || wrong.MatchString(text) || !strings.HasSuffix(text, "。") {
					t.Errorf("%s, %v, %d found, at %q: %v\n%s", a.Name, values, found, wrong.FindString(text), err, text)
				}
			}
		}
	}
}

// TestSpan verifies how durations read.
func TestSpan(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[float64]string{0.0123: "12.3 毫秒", 2.5: "2.5 秒", 61: "1 分 1 秒", 2883: "48 分 3 秒", 300: "5 分鐘", -90061: "-1 天 1 小時", 1e30: "104166 天 16 小時"} {
		if got, err := span(humanize.Chinese(), seconds); err != nil || got != want {
			t.Errorf("%v: %q, want %q, %v", seconds, got, want, err)
		}
	}
}
