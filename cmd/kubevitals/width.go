package main

import (
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

const (
	// narrowest and widest are the lines that words are wrapped to: below, nothing fits
	// beside an indent, and beyond, nobody finds the next line.
	narrowest = 30
	widest    = 120
)

// wrapping is where words go on in the next line.
type wrapping struct {
	columns int
	given   bool
}

func (x *wrapping) flag(c *kingpin.CmdClause, elsewhere string) {
	f := c.Flag("width", fmt.Sprintf("Columns that words are wrapped to; commands to copy are not. 0 wraps nothing. Without it: those of the terminal, and %d at the most. %s", widest, elsewhere)).
		PlaceHolder("COLUMNS").IsSetByUser(&x.given)
	collectors.Whole(f, &x.columns)
}

// of are the columns for an output, or elsewhere for one that is no terminal.
func (x wrapping) of(w io.Writer, elsewhere int) (int, error) {
	if x.given {
		if x.columns != 0 && x.columns < narrowest {
			return 0, fmt.Errorf("--width: %d is less than %d, and not 0", x.columns, narrowest)
		}
		return x.columns, nil
	}
	if columns := terminal.Width(w); columns > 0 {
		return min(max(columns, narrowest), widest), nil
	}
	return elsewhere, nil
}
