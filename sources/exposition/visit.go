package exposition

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

func both(own, other func(labels, value []byte)) func(labels, value []byte) {
	if other == nil {
		return own
	}
	return func(labels, value []byte) {
		own(labels, value)
		other(labels, value)
	}
}

// visit takes the labels and the value of a sample apart; rest begins after the
// name.
func (p *parser) visit(rest []byte) error {
	var labels []byte
	if rest[0] == '{' {
		end := closing(rest)
		if end < 0 {
			return fmt.Errorf("labels without an end: %s", excerpt(rest))
		}
		labels, rest = rest[1:end], rest[end+1:]
	}
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return fmt.Errorf("a sample without a value: %s", excerpt(rest))
	}
	if _, err := strconv.ParseFloat(string(fields[0]), 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("a value that is no number: %s", excerpt(rest))
	}
	p.last.visit(labels, fields[0])
	return nil
}

func ends(c byte) bool { return c == '{' || c == ' ' || c == '\t' }
