//go:build linux

package realnode

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// row is a line of the table of what really failed.
type row struct {
	failure, said string
	saidAfter     time.Duration
	named         []string
	namedAfter    []time.Duration
}

// ids are what differs each time, and says nothing.
var ids = regexp.MustCompile(`"?\b(?:[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27})\b"?`)

// String is the row in Markdown.
func (r row) String() string {
	said := strings.ReplaceAll(ids.ReplaceAllString(r.said, "…"), "|", "/")
	var named []string
	for i, n := range r.named {
		named = append(named, fmt.Sprintf("%s (%.0f s)", n, r.namedAfter[i].Seconds()))
	}
	return fmt.Sprintf("| %s | %s (%.0f s) | %s |", r.failure, said, r.saidAfter.Seconds(), strings.Join(named, "; "))
}

// tableEnv names a document whose table is to be replaced.
const tableEnv = "KUBEVITALS_REAL_NODE_TABLE"

// table is where a document has it.
var table = regexp.MustCompile(`(?s)(<!-- real failures: [^\n]* -->\n).*(<!-- end of real failures -->)`)

// writeTable writes what really failed into the document, if there is one.
func writeTable(t *testing.T, rows []row) {
	t.Helper()
	file := os.Getenv(tableEnv)
	if file == "" {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := "| what failed | what the platform said, and when | what kubevitals named, and when |\n| --- | --- | --- |\n"
	for _, r := range rows {
		lines += r.String() + "\n"
	}
	if !table.Match(text) {
		t.Fatalf("%s has no place for the table", file)
	}
	replaced := table.ReplaceAllStringFunc(string(text), func(old string) string {
		m := table.FindStringSubmatch(old)
		return m[1] + lines + m[2]
	})
	if err := os.WriteFile(file, []byte(replaced), 0o600); err != nil {
		t.Fatal(err)
	}
}
