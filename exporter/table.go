package exporter

import (
	"fmt"
	"time"
)

// Table is a table of a page for people. All text is escaped when shown.
type Table struct {
	Title   string
	Columns []string
	Rows    []Row
}

// Row is one row of a Table.
type Row struct {
	// Bad marks what needs attention.
	Bad   bool
	Cells []string
}

// Table shows how every collector fared when it last ran.
func (f *Frame) Table() Table {
	t := Table{Title: "Collectors", Columns: []string{"collector", "state", "series", "took", "last run"}}
	for _, s := range f.Statuses() {
		row := Row{Cells: []string{s.Name, "ok", fmt.Sprint(s.Series), s.Duration.Round(time.Microsecond).String(), s.At.UTC().Format(time.TimeOnly) + " UTC"}}
		switch {
		case s.At.IsZero():
			row.Cells = []string{s.Name, "not scraped yet", "", "", ""}
		case s.Err != nil:
			row.Bad = true
			row.Cells[1] = s.Err.Error()
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
