package chaos

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// columns are the heads of the table.
func (r Report) columns() []string {
	columns := []string{"fault", "stale and healthy", "told after", "well again after", "goroutines", "memory", "descriptors", "verdict"}
	if r.hasPeer() {
		columns = append(columns, "kube-state-metrics")
	}
	return columns
}

func (r Report) hasPeer() bool {
	return slices.ContainsFunc(r.Results, func(result Result) bool { return result.Peer != nil })
}

// cells are the columns of one result.
func (r Report) cells(result Result) []string {
	cells := []string{result.Fault, "-", "-", "-", "-", "-", "-", "not tried: " + result.Error}
	if result.Error == "" {
		cells = append(cells[:1], result.staleText(), result.toldText(), result.recoveredText(),
			fmt.Sprintf("%d → %d", result.Before.Goroutines, result.After.Goroutines),
			fmt.Sprintf("%d → %d MB", result.Before.Resident/1e6, result.After.Resident/1e6),
			fmt.Sprintf("%d → %d", result.Before.Descriptors, result.After.Descriptors),
			result.verdict())
	}
	switch {
	case result.Peer != nil:
		cells = append(cells, fmt.Sprintf("stale %s, told %s, well again %s", result.Peer.staleText(), result.Peer.toldText(), result.Peer.recoveredText()))
	case r.hasPeer():
		cells = append(cells, "-")
	}
	return cells
}

// Broken are the names of the trials that had to hold and did not.
func (r Report) Broken() []string {
	var names []string
	for _, result := range r.Results {
		if result.Error != "" || result.Required && !result.Good {
			names = append(names, result.Fault)
		}
	}
	return names
}

func (r Result) staleText() string {
	text := fmt.Sprintf("%.0f s", r.Stale)
	if r.StaleTotal > r.Stale+1 {
		text += fmt.Sprintf(" (%.0f s in all)", r.StaleTotal)
	}
	return text
}

func (r Result) toldText() string {
	switch {
	case r.Told != nil:
		return strings.TrimSuffix(fmt.Sprintf("%.0f s (%s)", *r.Told, strings.Join(r.Reasons, ", ")), " ()")
	case r.Blinded && r.Stale <= Seconds(MaxTold.Seconds()):
		return "right again before"
	case r.Blinded:
		return "never"
	}
	return "nothing to tell"
}

func (r Result) recoveredText() string {
	if r.Recovered == nil {
		return "not within the time"
	}
	return fmt.Sprintf("%.1f s", *r.Recovered)
}

func (r Result) verdict() string {
	switch {
	case r.Good:
		return "good"
	case r.Unknowable != "":
		return "cannot be known: " + r.Unknowable
	}
	return "**fails**"
}

// Line is the result as one line of progress.
func (r Result) Line() string {
	if r.Error != "" {
		return r.Fault + ": not tried: " + r.Error
	}
	return fmt.Sprintf("%s: stale %s, told %s, well again %s: %s", r.Fault, r.staleText(), r.toldText(), r.recoveredText(), strings.Trim(r.verdict(), "*"))
}

// Text writes the report as a table for a terminal.
func (r Report) Text(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, strings.Join(r.columns(), "\t"))
	for _, result := range r.Results {
		_, _ = fmt.Fprintln(t, strings.ReplaceAll(strings.Join(r.cells(result), "\t"), "*", ""))
	}
	_ = t.Flush()
}

// Markdown returns the results as a table for a document.
func (r Report) Markdown() string {
	var b strings.Builder
	row := func(cells []string) { _, _ = fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	row(r.columns())
	row(strings.Split(strings.Repeat("--- ", len(r.columns())-1)+"---", " "))
	for _, result := range r.Results {
		row(r.row(result))
	}
	return b.String()
}

// row is that of one result in the table for a document.
func (r Report) row(result Result) []string {
	cells := r.cells(result)
	cells[0] = fmt.Sprintf("`%s`: %s", result.Fault, result.What)
	return cells
}
