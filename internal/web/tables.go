package web

import "github.com/kubevitals/kubevitals/exporter"

// translated is a table in other words, where there are some: its title, the heads of its
// columns, and states that are of a closed set. Names and errors stay as they are.
func translated(t exporter.Table, words map[string]string) exporter.Table {
	other := func(kind, text string) string {
		if word := words[kind+text]; word != "" {
			return word
		}
		return text
	}
	shown := exporter.Table{Title: other("table-", t.Title)}
	for _, c := range t.Columns {
		shown.Columns = append(shown.Columns, other("column-", c))
	}
	for _, row := range t.Rows {
		one := exporter.Row{Bad: row.Bad}
		for _, cell := range row.Cells {
			one.Cells = append(one.Cells, other("cell-", cell))
		}
		shown.Rows = append(shown.Rows, one)
	}
	return shown
}
