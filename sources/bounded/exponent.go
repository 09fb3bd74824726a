package bounded

import "strings"

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
// such an exponent. Nothing but digits stands in these, so that no name is taken for one.
type number struct {
	other           bool // it is no number
	exponent, minus bool
	digits          int // of the exponent
	escaped         bool
	escaping        int // what is left of an escape
}

func (n *number) byte(c byte) {
	digit := c >= '0' && c <= '9'
	switch {
	case n.other:
	case n.escaping > 0:
		n.escaping--
	case c == '\\': // and u002d, say, which a decoder makes a minus
		n.escaped, n.escaping = true, 5
		n.digits++
	case n.escaped && (digit || strings.IndexByte("eE+-.", c) >= 0):
		n.digits++ // as if all were digits of the exponent
	case digit && n.minus:
		if c != '0' || n.digits > 0 {
			n.digits++
		}
	case digit, !n.exponent && (c == '.' || c == '-' || c == '+'):
	case (c == 'e' || c == 'E') && !n.exponent:
		n.exponent = true
	case c == '-' && n.exponent && !n.minus:
		n.minus = true
	default:
		n.other = true
	}
}

// tooSmall tells so at the end.
func (n *number) tooSmall() bool {
	return !n.other && (n.minus || n.escaped) && n.digits > mostExponent
}
