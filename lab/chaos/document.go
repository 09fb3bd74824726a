package chaos

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/lab/results"
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
func ReadReport(file string) (Report, error) { return results.Read[Report](file) }

// Write writes the report as JSON.
func (r Report) Write(file string) error { return results.Write(file, r) }

// ReplaceTable puts the results between the markers of a document, with the
// command that made them.
func (r Report) ReplaceTable(file string) error {
	return editTable(file, func(string) string {
		return fmt.Sprintf("`%s`:\n\n%s", r.Command, r.Markdown())
	})
}

// UpdateTable replaces the rows of the trials that were played again, and adds those
// that are new. What the peer came to stays as it was, unless it was tried again.
func (r Report) UpdateTable(file string) error {
	return editTable(file, func(table string) string {
		lines := strings.Split(strings.TrimRight(table, "\n"), "\n")
		head := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| fault |") })
		width := 0
		if head >= 0 {
			width = len(strings.Split(lines[head], " | "))
		}
		for _, result := range r.Results {
			cells := r.row(result)
			i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| `"+result.Fault+"`:") })
			if len(cells) < width {
				peer := "-"
				if i >= 0 {
					old := strings.Split(strings.TrimSuffix(lines[i], " |"), " | ")
					peer = old[len(old)-1]
				}
				cells = append(cells, peer)
			}
			line := fmt.Sprintf("| %s |", strings.Join(cells, " | "))
			if i < 0 {
				lines = append(lines, line)
				continue
			}
			lines[i] = line
		}
		return strings.Join(lines, "\n") + "\n"
	})
}

// editTable changes what is between the markers of a document.
func editTable(file string, edit func(table string) string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins+"\n")
	table, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("document %s has no markers %q and %q", file, tableBegins, tableEnds)
	}
	edited := before + tableBegins + "\n" + edit(table) + tableEnds + after
	return os.WriteFile(file, []byte(edited), 0o644) //nolint:gosec // a document
}
