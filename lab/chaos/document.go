package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

const (
	tableBegins = "<!-- table: written by kubevitals-lab chaos -->"
	tableEnds   = "<!-- end of table -->"
)

// Report is what a campaign came to.
type Report struct {
	Command string   `json:"command"`
	Results []Result `json:"results"`
}

// ReadReport reads what Write wrote.
func ReadReport(file string) (Report, error) {
	var r Report
	text, err := os.ReadFile(file)
	if err != nil {
		return r, fmt.Errorf("report: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("report %s: %w", file, err)
	}
	return r, nil
}

// Write writes the report as JSON.
func (r Report) Write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// ReplaceTable puts the results between the markers of a document, with the
// command that made them.
func (r Report) ReplaceTable(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("document %s has no markers %q and %q", file, tableBegins, tableEnds)
	}
	table := fmt.Sprintf("%s%s\n`%s`:\n\n%s%s%s", before, tableBegins, r.Command, r.Markdown(), tableEnds, after)
	return os.WriteFile(file, []byte(table), 0o644) //nolint:gosec // a document
}
