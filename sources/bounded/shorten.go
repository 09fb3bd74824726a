package bounded

import (
	"fmt"
	"maps"
	"strings"
)

// Without is the same shape of which fields are left out by Shorten. They are named by
// their paths, as protobuf names them: "spec.containers.ports".
func (m *Message) Without(paths ...string) (*Message, error) {
	for _, path := range paths {
		var err error
		if m, err = m.without(path); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return m, nil
}

// without copies the messages along the path: others of the same kind stay as they are.
func (m *Message) without(path string) (*Message, error) {
	name, rest, deeper := strings.Cut(path, ".")
	for number, f := range m.fields {
		if f.name != name {
			continue
		}
		switch {
		case !deeper:
			f.unread = true
		case f.message == nil:
			return nil, fmt.Errorf("nothing is in %q", name)
		default:
			var err error
			if f.message, err = f.message.without(rest); err != nil {
				return nil, err
			}
		}
		less := &Message{maps.Clone(m.fields), m.quantity, true}
		less.fields[number] = f
		return less, nil
	}
	return nil, fmt.Errorf("there is no field %q", name)
}

// Shorten leaves out of a message, in its place, what Without names, and returns what
// remains of it: what nothing reads need not be decoded, either. It is an *Error if that
// costs more than a bound, or if the text is no message.
func (m *Message) Shorten(text []byte, most int64) ([]byte, error) {
	c := cost{most: most}
	return c.shorten(m, text, 1)
}

func (c *cost) shorten(m *Message, text []byte, depth int) ([]byte, error) {
	if !m.shortened {
		return text, c.message(m, text, depth)
	}
	if depth > mostMessages {
		return nil, errTooDeep()
	}
	return Replace(text, func(number int32, isText bool, value []byte) ([]byte, bool, error) {
		f := m.fields[number]
		if f.unread {
			return nil, false, nil
		}
		if err := c.field(m, f, isText, value); err != nil || !isText || f.message == nil {
			return value, true, err
		}
		value, err := c.shorten(f.message, value, depth+1)
		return value, true, err
	})
}

// Replace hands over the fields of a message one by one, as Fields does, and puts in the
// place of a value what is returned: itself or the same memory, shortened. A field that is
// not kept is left out. What remains of the message is in the place of it.
func Replace(text []byte, take func(number int32, isText bool, value []byte) (kept []byte, keep bool, err error)) ([]byte, error) {
	out := text[:0]
	for len(text) > 0 {
		f, err := next(text)
		if err != nil {
			return nil, err
		}
		whole := text[:f.length]
		text = text[f.length:]
		kept, keep, err := take(f.number, f.isText, f.value)
		switch {
		case err != nil:
			return nil, err
		case !keep:
		case len(kept) == len(f.value):
			out = append(out, whole...)
		default:
			// The new length takes as many bytes as the old one did, so that nothing of what
			// is still to be read is written over.
			out = append(out, whole[:f.tag]...)
			out = appendLength(out, len(kept), f.length-f.tag-len(f.value))
			out = append(out, kept...)
		}
	}
	return out, nil
}

// appendLength appends a length in so many bytes, be it more than needed: decoders take
// that.
func appendLength(out []byte, length, bytes int) []byte {
	for range bytes - 1 {
		out = append(out, byte(length)|0x80) //nolint:gosec // seven bits at a time
		length >>= 7
	}
	return append(out, byte(length)) //nolint:gosec // what remains is less than the old length
}
