package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// row is the line of the table in Markdown.
func (r *results) row(version, etcd string) string {
	ran := len(r.passed) + len(r.failed)
	var without []string
	for _, s := range r.skipped {
		without = append(without, fmt.Sprintf("%s: %s", s.test, strings.ReplaceAll(s.why, "|", "/")))
	}
	if len(r.leftOut) > 0 {
		without = append(without, "not asked for: "+strings.Join(r.leftOut, ", "))
	}
	return fmt.Sprintf("| %s | etcd %s | %d of %d | %s | %s |", strings.TrimPrefix(version, "v"), strings.TrimPrefix(etcd, "v"),
		len(r.passed), ran, cmp.Or(strings.Join(without, "; "), "none"), cmp.Or(strings.Join(r.unseen, "; "), "nothing"))
}

// head is that of the table.
const head = "| version | with | tests that passed | tests that did not run | what kubevitals could not see |\n| --- | --- | --- | --- | --- |\n"

// place is where a document has the table.
var place = regexp.MustCompile(`(?s)(<!-- control planes: [^\n]* -->\n)(.*)(<!-- end of control planes -->)`)

// write puts the row into the table of the document, in place of that of the same minor
// version if there is one.
func write(document, version, row string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	replaced, err := insert(string(text), version, row)
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return os.WriteFile(document, []byte(replaced), 0o644)
}

// insert is write for the text of a document.
func insert(text, version, row string) (string, error) {
	at := place.FindStringSubmatchIndex(text)
	if at == nil {
		return "", errors.New("it has no place for the table")
	}
	of, err := minor(version)
	if err != nil {
		return "", err
	}
	rows := map[int]string{of: row}
	for line := range strings.Lines(text[at[4]:at[5]]) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "1.") {
			continue // the head
		}
		other, err := minor(strings.TrimSpace(cells[1]))
		if err != nil {
			return "", err
		}
		if other != of {
			rows[other] = strings.TrimRight(line, "\n")
		}
	}
	var minors []int
	for m := range rows {
		minors = append(minors, m)
	}
	slices.SortFunc(minors, func(a, b int) int { return cmp.Compare(b, a) })
	table := head
	for _, m := range minors {
		table += rows[m] + "\n"
	}
	return text[:at[4]] + table + text[at[5]:], nil
}
