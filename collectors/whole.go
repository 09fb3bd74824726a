package collectors

import (
	"errors"
	"strconv"

	"github.com/alecthomas/kingpin/v2"
)

// Whole makes a flag take whole numbers: kingpin's own take 1.5 for 1.
func Whole(flag *kingpin.FlagClause, into *int) { flag.SetValue((*whole)(into)) }

type whole int

var errNoWhole = errors.New("give a whole number")

// Set takes what the command line gives.
func (w *whole) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return errNoWhole
	}
	*w = whole(n)
	return nil
}

// String is the number.
func (w *whole) String() string { return strconv.Itoa(int(*w)) }
