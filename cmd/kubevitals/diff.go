package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/change"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/oneshot"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

const diffHelp = `Tell what began, what ended and what goes on between two looks at a cluster,
each a snapshot, a dump, or a file with what check -o json printed:

  kubevitals check -o json >before.json    # before an upgrade, say
  kubevitals check -o json >after.json
  kubevitals diff before.json after.json

What one of the two could not see is told apart: it has neither begun nor ended.
No cluster is needed.

Exit codes: 0 nothing began; 1 an incident began, or became more severe; 2 could
not tell, because the second could not see everything, or a path or flag is wrong.`

// comparing is what is compared, and how that is printed.
type comparing struct {
	before, after, output string
	width                 wrapping
}

func (c *command) diffCommand() {
	d := c.app.Command(diffName, diffHelp)
	d.Arg("before", "Snapshot, dump or JSON file of the first look.").Required().StringVar(&c.comparing.before)
	d.Arg("after", "The same of the second.").Required().StringVar(&c.comparing.after)
	c.outputFlag(d, &c.comparing.output)
	c.comparing.width.flag(d, "What is no terminal gets whole lines.")
}

// outputFlag is the flag of commands that print a text or JSON.
func (c *command) outputFlag(of *kingpin.CmdClause, into *string) {
	of.Flag("output", "Form of the output: text or json.").Short('o').Default("text").EnumVar(into, "text", "json")
}

// runDiff prints what lies between two looks. Its error, if any, bears one of the exit
// codes of diff.
func (c *command) runDiff(ctx context.Context, logger *slog.Logger) error {
	defer oneshot.CollectRarely()()
	columns, err := c.comparing.width.of(c.stdout, 0)
	if err != nil {
		return &exitError{exitUnsure, err}
	}
	if c.snapshot != "" || c.demo {
		return &exitError{exitUnsure, errors.New("diff: name both looks as arguments, without --snapshot and --demo")}
	}
	before, err := c.lookAt(ctx, c.comparing.before, logger)
	if err != nil {
		return &exitError{exitUnsure, err}
	}
	after, err := c.lookAt(ctx, c.comparing.after, logger)
	if err != nil {
		return &exitError{exitUnsure, err}
	}
	changes := change.Between(before, after)
	if c.comparing.output == "json" {
		err = report.Object(c.stdout, changes)
	} else {
		err = report.Changes(c.stdout, changes, report.Style{Colour: terminal.Coloured(c.stdout), Columns: columns})
	}
	switch {
	case err != nil:
		return &exitError{exitUnsure, fmt.Errorf("write the changes: %w", err)}
	case changes.Worse():
		return &exitError{code: exitFindings}
	case !changes.Sure():
		return &exitError{code: exitUnsure}
	}
	return nil
}

// lookAt reads a result, or looks at a dump.
func (c *command) lookAt(ctx context.Context, path string, logger *slog.Logger) (*diagnosis.Result, error) {
	result, err := readResult(path)
	if result != nil || err != nil {
		return result, err
	}
	dump := *c
	dump.snapshot, dump.checking.severity = path, "info"
	return dump.check(ctx, logger)
}

// mostOfAResult bounds the file of a result in bytes: one of 5,000 nodes that are all ill
// has 60 MB.
const mostOfAResult = 512 << 20

// readResult reads what check -o json printed. It is nil for all that has another form,
// which may be a dump. A pipe is read as a result.
func readResult(path string) (*diagnosis.Result, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("diff: %w", err)
	}
	if info.IsDir() {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("diff: %w", err)
	}
	defer func() { _ = file.Close() }()
	result, err := decodeResult(io.LimitReader(file, mostOfAResult))
	switch {
	case err != nil:
		return nil, fmt.Errorf("diff: %s: %w", path, err)
	case result == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("diff: %s: is not what kubevitals check -o json prints", path)
	}
	return result, nil
}

// decodeResult decodes a result of this version. It is nil for all that is none.
func decodeResult(r io.Reader) (*diagnosis.Result, error) {
	var object struct {
		diagnosis.Result
		Coverage *diagnosis.Coverage `json:"coverage"`
	}
	decoded := json.NewDecoder(r).Decode(&object) == nil
	if !decoded || object.Coverage == nil {
		return nil, nil
	}
	if object.Version != diagnosis.SchemaVersion {
		return nil, fmt.Errorf("its version is %d, and this program reads %d", object.Version, diagnosis.SchemaVersion)
	}
	result := object.Result
	result.Coverage = *object.Coverage
	return &result, nil
}
