package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
	"github.com/kubevitals/kubevitals/internal/mcp"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

// TestOutputsAreOfTheDocumentedForm validates what the program prints, and what tools
// answer about the demonstration, with no key that is not documented.
func TestOutputsAreOfTheDocumentedForm(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for name, args := range map[string][]string{"alerts": {"alerts"}, "signals": {"signals"}, "version": {"version"}, "explain": {"explain", "KubeVitalsNodeNotReady", "node=n-1"}} {
		_, said[name], _ = runProgram(t, append(args, "-o", "json")...)
	}
	c := newCommand(io.Discard, io.Discard)
	c.line = terminal.NewStatusLine(io.Discard, false)
	if _, err := c.app.Parse([]string{"mcp", "--demo", "--window=0s"}); err != nil {
		t.Fatal(err)
	}
	tools := map[string]mcp.Tool{}
	for _, tool := range mcp.Tools(c.looks(slog.New(slog.DiscardHandler))) {
		tools[tool.Name] = tool
	}
	call := func(name, arguments string) string {
		answer, err := tools[name].Call(context.WithoutCancel(t.Context()), json.RawMessage(arguments))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	said["incidents"] = call("incidents", "{}")
	var found mcp.Answer[[]mcp.Short]
	if err := json.Unmarshal([]byte(said["incidents"]), &found); err != nil || len(found.ClusterData.Found) == 0 {
		t.Fatalf("%v, incidents %s", err, said["incidents"])
	}
	said["incident"] = call("incident", `{"id": "`+found.ClusterData.Found[0].ID+`"}`)
	said["tool_signals"], said["blind_spots"] = call("signals", "{}"), call("blind_spots", "{}")
	said["check_dump"] = call("check_dump", `{"path": "../../cases/healthy-1.37/dump"}`)
	for _, o := range outputs() {
		s := o.schema(t)
		closeObjects(s)
		resolved, err := s.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal([]byte(said[o.name]), &value); err != nil {
			t.Fatalf("%s: %v in %s", o.name, err, said[o.name])
		}
		if err := resolved.Validate(value); err != nil {
			t.Errorf("%s is not of the documented form: %v", o.name, err)
		}
	}
}

// TestExplainIsTheRunbookOfThePage verifies that explain says word by word what the page of
// a runbook is made of, with the same labels in its commands.
func TestExplainIsTheRunbookOfThePage(t *testing.T) {
	t.Parallel()
	pages := serving(t, "--demo")
	for _, lang := range []string{"en", "zh-TW"} {
		_, out, _ := runProgram(t, "explain", "KubeVitalsNodeDiskPressure", "node=worker-2", "--language="+lang, "-o", "json")
		var filled runbook.Filled
		if err := json.Unmarshal([]byte(out), &filled); err != nil {
			t.Fatal(err)
		}
		page, commands := pageText(t, fetch(t, pages+"runbooks/KubeVitalsNodeDiskPressure?node=worker-2&lang="+lang)), 0
		for _, section := range filled.Sections {
			for _, step := range section.Steps {
				for _, part := range step.Parts {
					for line := range strings.Lines(part.Commands) {
						commands++
						if !strings.Contains(page, strings.TrimSpace(line)) {
							t.Errorf("%s: the page has not %q", lang, line)
						}
					}
				}
			}
			if !strings.Contains(page, section.Heading) {
				t.Errorf("%s: the page has no section %s", lang, section.Heading)
			}
		}
		if commands < 5 || !strings.Contains(out, "NODE='worker-2'") {
			t.Errorf("%s: %d lines of commands", lang, commands)
		}
	}
}

// pageText is what a reader sees of a page.
func pageText(t *testing.T, page string) string {
	t.Helper()
	document, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range document.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}
