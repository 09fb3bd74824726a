package bounded

import (
	"strconv"
	"strings"
)

// mostExponent is how many digits a negative exponent may have. A quantity of Kubernetes
// is worked out digit by digit: 1e-1000000 takes as long as a whole list of nodes, and
// what has more digits takes for ever.
const mostExponent = 4

// Quantity returns nil if a text may be parsed as a quantity, and an *Error otherwise.
func Quantity(text string) error {
	_, exponent, found := strings.Cut(strings.ToLower(text), "e-")
	if found && len(strings.TrimLeft(exponent, "0")) > mostExponent {
		return errExponent()
	}
	return nil
}

func errExponent() error {
	return &Error{"a number has an exponent that is too small to be a quantity's"}
}

// number follows a string or a number of JSON, to tell at its end whether it is one with
// such an exponent. Nothing else may stand in these, so that no name is taken for one.
type number struct {
	other           bool // it is no number
	last            byte
	exponent, minus bool
	digits          int // of the exponent
	// Of an escape, which a decoder makes a character:
	escape byte // the backslash, or the u after it
	hex    []byte
}

// raw takes one byte as it is written.
func (n *number) raw(c byte) {
	switch {
	case n.other:
	case n.escape == 'u':
		if n.hex = append(n.hex, c); len(n.hex) == 4 {
			char, err := strconv.ParseUint(string(n.hex), 16, 8)
			n.escape, n.hex, n.other = 0, nil, err != nil
			n.char(byte(char))
		}
	case n.escape != 0: // all but these are of characters that no number has
		n.escape, n.other = c, c != 'u'
	case c == '\\':
		n.escape = c
	default:
		n.char(c)
	}
}

func (n *number) char(c byte) {
	digit := c >= '0' && c <= '9'
	switch {
	case digit && n.minus:
		if c != '0' || n.digits > 0 {
			n.digits++
		}
	case digit, !n.exponent && (c == '.' || n.last == 0 && (c == '-' || c == '+')):
	case (c == 'e' || c == 'E') && !n.exponent && n.last >= '.':
		n.exponent = true
	case c == '-' && (n.last == 'e' || n.last == 'E'):
		n.minus = true
	default:
		n.other = true
	}
	n.last = c
}

// tooSmall tells so at the end.
func (n *number) tooSmall() bool { return !n.other && n.digits > mostExponent }
