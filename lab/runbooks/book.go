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
	"maps"
	"os/exec"
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

// explained is what kubevitals explain -o json prints of a runbook.
type explained struct {
	Alert    string
	Sections []struct {
		Heading string
		Steps   []struct {
			Number int
			Parts  []struct{ Commands string }
			Code   []string
		}
	}
}

// Load has the program at binary print all runbooks. labels are the values of
// placeholders by alert, those of "" for all.
func Load(ctx context.Context, binary string, labels map[string]map[string]string) ([]Book, error) {
	var alerts []string
	if err := explain(ctx, binary, &alerts); err != nil {
		return nil, err
	}
	var books []Book
	for _, alert := range alerts {
		values := map[string]string{}
		maps.Copy(values, labels[""])
		maps.Copy(values, labels[alert])
		args := []string{alert}
		for name, value := range values {
			args = append(args, name+"="+value)
		}
		var e explained
		if err := explain(ctx, binary, &e, args...); err != nil {
			return nil, err
		}
		books = append(books, e.book())
	}
	return books, nil
}

func explain(ctx context.Context, binary string, into any, args ...string) error {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, append([]string{"explain", "-o", "json"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("kubevitals explain: %w: %s", err, stderr.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("output of kubevitals explain: %w", err)
	}
	return nil
}

func (e explained) book() Book {
	b := Book{Alert: e.Alert}
	for _, section := range e.Sections {
		for _, step := range section.Steps {
			for _, part := range step.Parts {
				if part.Commands != "" {
					b.Commands = append(b.Commands, Command{Section: section.Heading, Step: step.Number, Script: part.Commands})
				}
			}
			b.Spans = append(b.Spans, step.Code...)
		}
	}
	return b
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
