package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

// TestTextFitsTheTerminal verifies that each line of what check prints fits, but for what
// is copied as it is and words that are longer, and that no word is broken or lost.
func TestTextFitsTheTerminal(t *testing.T) {
	t.Parallel()
	c := newCommand(io.Discard, io.Discard)
	c.line = terminal.NewStatusLine(io.Discard, false)
	if _, err := c.app.Parse([]string{checkName, "--demo", "--window=0s", "--collector.apiserver.probe-timeout=1m"}); err != nil {
		t.Fatal(err)
	}
	result, err := c.check(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	text := func(columns int) string {
		var b bytes.Buffer
		if err := report.Text(&b, result, report.Style{Columns: columns, Unfold: true}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	whole := text(0)
	words := map[string]bool{}
	for word := range strings.FieldsSeq(whole) {
		words[word] = true
		if metric, labels, ok := strings.Cut(word, "{"); ok { // a series may be parted there
			words[metric], words["{"+labels] = true, true
		}
	}
	for _, columns := range []int{narrowest, 60, 80, widest} {
		got := text(columns)
		overview, details, _ := strings.Cut(strings.SplitN(got, "\n\n", 2)[1], "\n\n")
		for line := range strings.Lines(overview) {
			if strings.HasSuffix(line, "…\n") && terminal.Columns(line) > columns+1 {
				t.Errorf("%d columns: %q was cut and does not fit", columns, line)
			}
		}
		commands := false
		for line := range strings.Lines(got) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case line == "  Look first:":
				commands = true
			case commands && strings.HasPrefix(line, "    "):
				continue
			default:
				commands = false
			}
			text := strings.TrimLeft(strings.TrimPrefix(strings.TrimSpace(line), "Runbook: "), "- ")
			if terminal.Columns(line) > columns && strings.Contains(text, " ") && !strings.Contains(line, "KubeVitals") {
				t.Errorf("%d columns: %q does not fit", columns, line)
			}
			for word := range strings.FieldsSeq(line) {
				if !words[word] && !strings.Contains(line, "…") {
					t.Errorf("%d columns: %q is no word of the text, in %q", columns, word, line)
				}
			}
		}
		if squeezed, want := strings.Join(strings.Fields(details), ""), strings.Join(strings.Fields(whole), ""); !strings.HasSuffix(want, squeezed) {
			t.Errorf("%d columns: the details are not those of the whole text:\n%s", columns, details)
		}
	}
}

func TestWidthIsRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"check", "--demo"}, {"explain", "KubeVitalsNodeNotReady"}} {
		code, out, errs := runProgram(t, append(args, "--width=3")...)
		if code != exitUsage || out != "" || !strings.Contains(errs, "--width: 3 is less than 30") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out, errs)
		}
	}
}

// TestExplainFitsTheTerminal verifies that in both languages each line of a runbook fits,
// but for commands and words that are longer.
func TestExplainFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "zh-TW"} {
		_, object, _ := runProgram(t, "explain", "KubeVitalsNodeNotReady", "--language="+language, "-o", "json")
		var filled runbook.Filled
		if err := json.Unmarshal([]byte(object), &filled); err != nil {
			t.Fatal(err)
		}
		commands := map[string]bool{}
		for _, section := range filled.Sections {
			for _, step := range section.Steps {
				for _, part := range step.Parts {
					for line := range strings.Lines(part.Commands) {
						commands[strings.TrimSpace(line)] = true
					}
				}
			}
		}
		for _, columns := range []int{60, 80} {
			_, out, _ := runProgram(t, "explain", "KubeVitalsNodeNotReady", "--language="+language, fmt.Sprint("--width=", columns))
			full := 0
			for line := range strings.Lines(out) {
				text := strings.TrimSpace(line)
				switch n := terminal.Columns(strings.TrimRight(line, "\n")); {
				case commands[text]:
				case n > columns && strings.Contains(text, " "):
					t.Errorf("%s, %d columns: %q has %d", language, columns, text, n)
				case n > columns*3/4:
					full++
				}
			}
			if full < 10 {
				t.Errorf("%s, %d columns: only %d lines are about as long as they may be:\n%s", language, columns, full, out)
			}
		}
	}
}
