package chaos

import (
	"fmt"
	"os"
	"strings"
)

const (
	tableBegins = "<!-- table: written by kubevitals-lab chaos -->"
	tableEnds   = "<!-- end of table -->"
)

// ReplaceTable puts the results between the markers of a document, with the
// command that made them.
func ReplaceTable(file, command string, results []Result) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("document %s has no markers %q and %q", file, tableBegins, tableEnds)
	}
	table := fmt.Sprintf("%s%s\n`%s`\n\n%s%s%s", before, tableBegins, command, Markdown(results), tableEnds, after)
	return os.WriteFile(file, []byte(table), 0o644) //nolint:gosec // a document
}
