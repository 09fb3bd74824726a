package chaos

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// columns are the heads of the table.
func columns() []string {
	return []string{"fault", "stale and healthy", "told after", "well again after", "goroutines", "memory", "descriptors", "verdict"}
}

// cells are the columns of one result.
func (r Result) cells() []string {
	if r.Error != "" {
		return []string{r.Fault, "-", "-", "-", "-", "-", "-", "not tried: " + r.Error}
	}
	return []string{
		r.Fault, r.staleText(), r.toldText(), r.recoveredText(),
		fmt.Sprintf("%d → %d", r.Before.Goroutines, r.After.Goroutines),
		fmt.Sprintf("%d → %d MB", r.Before.Resident/1e6, r.After.Resident/1e6),
		fmt.Sprintf("%d → %d", r.Before.Descriptors, r.After.Descriptors),
		r.verdict(),
	}
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
		return fmt.Sprintf("%.0f s (%s)", *r.Told, strings.Join(r.Reasons, ", "))
	case r.Blinded:
		return "never"
	}
	return "nothing to tell"
}

func (r Result) recoveredText() string {
	if r.Recovered == nil {
		return "not within the time"
	}
	return fmt.Sprintf("%.0f s", *r.Recovered)
}

func (r Result) verdict() string {
	if r.Good {
		return "good"
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
	_, _ = fmt.Fprintln(t, strings.Join(columns(), "\t"))
	for _, result := range r.Results {
		_, _ = fmt.Fprintln(t, strings.ReplaceAll(strings.Join(result.cells(), "\t"), "*", ""))
	}
	_ = t.Flush()
}

// Markdown returns the results as a table for a document.
func (r Report) Markdown() string {
	var b strings.Builder
	row := func(cells []string) { _, _ = fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	row(columns())
	row(strings.Split(strings.Repeat("--- ", len(columns())-1)+"---", " "))
	for _, result := range r.Results {
		cells := result.cells()
		cells[0] = fmt.Sprintf("`%s`: %s", result.Fault, result.What)
		row(cells)
	}
	return b.String()
}
