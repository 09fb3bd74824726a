package runbook_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
)

const text = "# KubeVitalsExample\n\n| severity |\n| --- |\n| warning |\n\n## Meaning\n\nIt `fails`\nnow.\n\n" +
	"## Diagnosis\n\n```sh\nNODE='<node>'\n```\n\n" +
	"1. See the\n   node.\n```sh\nkubectl get node \"$NODE\"\n```\nNot `Ready`: go on.\n\n- Or\n- not\n\n| cause | look at |\n| --- | --- |\n| disk | `df` |\n\n" +
	"2. Only `kubectl get pods`.\n3. Within the step:\n\n   ```bash\n   uptime\n   ```\n\n" +
	"## Mitigation\n\n```yaml\na: b\n```\nGo.\n```sh\nreboot\n```\n"

// prose are parts without commands.
func prose(texts ...string) []runbook.Part {
	var parts []runbook.Part
	for _, text := range texts {
		parts = append(parts, runbook.Part{Text: text})
	}
	return parts
}

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := runbook.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &runbook.Runbook{Title: "KubeVitalsExample", Sections: []runbook.Section{
		{Heading: "Meaning", Steps: []runbook.Step{{Parts: prose("It `fails` now."), Spans: []string{"fails"}}}},
		{Heading: "Diagnosis", Steps: []runbook.Step{
			{Parts: []runbook.Part{{Commands: "NODE='<node>'\n"}}},
			{
				Number: 1, Spans: []string{"Ready", "df"},
				Parts: slices.Concat(
					prose("See the node."), []runbook.Part{{Commands: "kubectl get node \"$NODE\"\n"}},
					prose("Not `Ready`: go on.", "Or", "not", "cause | look at", "disk | `df`"),
				),
			},
			{Number: 2, Parts: prose("Only `kubectl get pods`."), Spans: []string{"kubectl get pods"}},
			{Number: 3, Parts: append(prose("Within the step:"), runbook.Part{Commands: "uptime\n"})},
		}},
		{Heading: "Mitigation", Steps: []runbook.Step{{Parts: append(prose("Go."), runbook.Part{Commands: "reboot\n"})}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, want := got.Opening(), "NODE='<node>'\nkubectl get node \"$NODE\"\n"; got != want {
		t.Errorf("opening %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"node"}, got.Placeholders()); diff != "" {
		t.Error(diff)
	}
	commands := []runbook.Command{
		{Section: "Diagnosis", Step: 0, Script: "NODE='<node>'\n"},
		{Section: "Diagnosis", Step: 1, Script: "kubectl get node \"$NODE\"\n"},
		{Section: "Diagnosis", Step: 3, Script: "uptime\n"},
		{Section: "Mitigation", Step: 0, Script: "reboot\n"},
	}
	if diff := cmp.Diff(commands, got.Commands()); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "no title"},
		{"no title", "## Diagnosis\n", "no title"},
		{"bytes", "# A\xff\n", "not UTF-8"},
		{"open block", "# A\n\n## Diagnosis\n\n```sh\nuptime\n\n## Mitigation\n", "no line ends the block"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, err := runbook.Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v, error %v, want %q", got, err, test.want)
			}
		})
	}
}

// TestShipped reads all runbooks, and counts blocks in a way of its own.
func TestShipped(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../mixin/runbooks/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no runbooks", err)
	}
	for _, file := range files {
		markdown, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		book, err := runbook.Parse(markdown)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".md"); book.Title != want {
			t.Errorf("%s: title %q", file, book.Title)
		}
		if got, want := len(book.Commands()), strings.Count("\n"+string(markdown), "\n```sh\n"); got != want {
			t.Errorf("%s: %d blocks of commands, want %d", file, got, want)
		}
		if book.Opening() == "" {
			t.Errorf("%s: the diagnosis has no commands", file)
		}
	}
}
