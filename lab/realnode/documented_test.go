//go:build linux

package realnode

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// installGuide is the document that says how kubevitals is installed.
const installGuide = "../../docs/install.md"

// documented is what a section of a document tells its reader to run, one command after
// the other, and to add to a file.
type documented struct {
	commands []string
	yaml     string
}

// readSection returns what a section of the guide says. That it says nothing is an error.
func readSection(t *testing.T, heading string) documented {
	t.Helper()
	text, err := os.ReadFile(installGuide)
	if err != nil {
		t.Fatal(err)
	}
	d, err := section(string(text), heading)
	if err != nil {
		t.Fatalf("%s: %v", installGuide, err)
	}
	return d
}

var (
	nextHeading = regexp.MustCompile(`(?m)^#+ `)
	fence       = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
)

func section(text, heading string) (documented, error) {
	_, rest, ok := strings.Cut(text, "\n### "+heading+"\n")
	if !ok {
		return documented{}, fmt.Errorf("there is no section %q", heading)
	}
	// A comment of a shell looks like a heading, so that code comes first.
	var d documented
	for {
		block := fence.FindStringSubmatchIndex(rest)
		if next := nextHeading.FindStringIndex(rest); block == nil || next != nil && next[0] < block[0] {
			break
		}
		switch code := rest[block[4]:block[5]]; rest[block[2]:block[3]] {
		case "sh":
			d.commands = append(d.commands, commandsOf(code)...)
		case "yaml":
			d.yaml += code
		}
		rest = rest[block[1]:]
	}
	if len(d.commands) == 0 {
		return documented{}, fmt.Errorf("section %q has no commands", heading)
	}
	return d, nil
}

var hereDocument = regexp.MustCompile(`<<'(\w+)'$`)

// commandsOf takes a script apart: a line is a command, and goes on below where it ends
// with a backslash or begins a here-document.
func commandsOf(script string) []string {
	var all []string
	command, until := "", ""
	for line := range strings.Lines(script) {
		command += line
		line = strings.TrimSuffix(line, "\n")
		switch m := hereDocument.FindStringSubmatch(line); {
		case until != "" && line != until, strings.HasSuffix(line, `\`):
			continue
		case until == "" && m != nil:
			until = m[1]
			continue
		}
		if strings.TrimSpace(command) != "" {
			all = append(all, command)
		}
		command, until = "", ""
	}
	return all
}

// TestSection verifies that commands are told apart, and end with their section.
func TestSection(t *testing.T) {
	t.Parallel()
	text := "# Guide\n\n### One\n\nWords.\n\n```sh\na --flag \\\n  --other\n# no heading\ncat >>file <<'END'\nx: 1\n\n# y\nEND\nb\n```\n\nMore.\n\n```yaml\nz: 1\n```\n\n### Two\n\n```sh\nc\n```\n\n### Three\n\nWords.\n"
	for heading, want := range map[string]documented{
		"One": {[]string{"a --flag \\\n  --other\n", "# no heading\n", "cat >>file <<'END'\nx: 1\n\n# y\nEND\n", "b\n"}, "z: 1\n"},
		"Two": {[]string{"c\n"}, ""},
	} {
		if got, err := section(text, heading); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, %v, want %q", heading, got, err, want)
		}
	}
	for _, heading := range []string{"Three", "Four"} {
		if got, err := section(text, heading); err == nil {
			t.Errorf("%s: %q, want an error", heading, got)
		}
	}
}
