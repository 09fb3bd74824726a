// Package runbooks runs the commands of runbooks against a cluster of the lab. It
// parses them as bash, decides of each statement whether it only reads, runs those
// that do, and judges how they ended. What it does not run it checks as far as
// possible: the flags of kubectl, and with --dry-run=server what would be changed.
package runbooks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Book is the commands of one runbook, with values in the place of placeholders.
type Book struct {
	Alert    string
	Commands []Command
	// Spans are the code spans of its prose.
	Spans []string
}

// Command is one block of commands; Step is 0 before the first numbered step.
type Command struct {
	Section string
	Step    int
	Script  string
}

// Load reads the runbooks of the repository at root with the program that reads
// them there. labels are the values of placeholders by alert, those of "" for all.
func Load(ctx context.Context, root string, labels map[string]map[string]string) ([]Book, error) {
	files, err := filepath.Glob(filepath.Join(root, "mixin/runbooks/*.md"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no runbooks below %s: %w", root, err)
	}
	values, err := os.CreateTemp("", "runbook-labels-*.json")
	if err != nil {
		return nil, fmt.Errorf("values of placeholders: %w", err)
	}
	defer func() { _ = os.Remove(values.Name()) }()
	if err := json.NewEncoder(values).Encode(labels); err != nil {
		return nil, fmt.Errorf("values of placeholders: %w", err)
	}
	if err := values.Close(); err != nil {
		return nil, fmt.Errorf("values of placeholders: %w", err)
	}
	args := []string{"run", "-C", root, "./cmd/runbook-commands", "-labels", values.Name()}
	for _, file := range files {
		args = append(args, "mixin/runbooks/"+filepath.Base(file))
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("runbook-commands: %w: %s", err, stderr.String())
	}
	var books []Book
	if err := json.Unmarshal(out, &books); err != nil {
		return nil, fmt.Errorf("output of runbook-commands: %w", err)
	}
	return books, nil
}

// Statement is one statement of the outermost level of a script.
type Statement struct {
	Alert, Section string
	Step           int
	Text           string
	stmt           *syntax.Stmt
}

func (s Statement) String() string {
	return fmt.Sprintf("%s, %s, step %d: %s", s.Alert, s.Section, s.Step, s.Text)
}

// Statements parses all commands of the runbook as bash, in their order.
func (b Book) Statements() ([]Statement, error) {
	var all []Statement
	for _, c := range b.Commands {
		stmts, err := parse(c.Script)
		if err != nil {
			return nil, fmt.Errorf("%s, %s, step %d: %w", b.Alert, c.Section, c.Step, err)
		}
		for _, stmt := range stmts {
			all = append(all, Statement{Alert: b.Alert, Section: c.Section, Step: c.Step, Text: text(stmt), stmt: stmt})
		}
	}
	return all, nil
}

// Mentions parses the code spans that call kubectl. What only names a command, or
// shows its form with words in capitals, is not one.
func (b Book) Mentions() ([]Statement, error) {
	var all []Statement
	for _, span := range b.Spans {
		if !strings.HasPrefix(span, "kubectl ") {
			continue
		}
		stmts, err := parse(span)
		if err != nil {
			return nil, fmt.Errorf("%s, `%s`: %w", b.Alert, span, err)
		}
		for _, stmt := range stmts {
			all = append(all, Statement{Alert: b.Alert, Section: prose, Text: text(stmt), stmt: stmt})
		}
	}
	return all, nil
}

func parse(script string) ([]*syntax.Stmt, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
	if err != nil {
		return nil, err
	}
	return file.Stmts, nil
}

// text prints a part of a script.
func text(node syntax.Node) string {
	var b strings.Builder
	// Nothing that was parsed fails to be printed into memory.
	_ = syntax.NewPrinter().Print(&b, node)
	return b.String()
}
