package bounded

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Message is what a message of protobuf becomes in memory. Two bytes suffice for an empty
// container of a pod, which takes a thousand once it is decoded: what a text may cost is
// a question of what is in it, and not of its length.
type Message struct {
	fields map[int32]field
	// quantity says that its first field is the text of a quantity.
	quantity bool
	// shortened says that a field of it, or of what is in it, is left out.
	shortened bool
}

// field is one field of a message, in bytes of memory.
type field struct {
	name    string
	each    int64    // of each time that it is there
	perByte int64    // of each byte of a text, or of numbers that are packed
	message *Message // of what is in it; nil if it is no message
	unread  bool     // it is left out before anything decodes the message
}

const (
	// grown is how much more than its elements a slice takes at most while it grows: the
	// one before it is still there.
	grown = 2
	// allocated is the least that anything takes that is held by a pointer.
	allocated = 16
	// mostMessages is how deep messages may be nested. Those of Kubernetes are some
	// twelve deep.
	mostMessages = 32
)

// MessageOf returns the shape of a struct as protoc makes it for Go: its fields have the
// tag protobuf. What else there is counts by its length.
func MessageOf(t reflect.Type) *Message { return messageOf(t, map[reflect.Type]*Message{}) }

func messageOf(t reflect.Type, known map[reflect.Type]*Message) *Message {
	if m, ok := known[t]; ok {
		return m
	}
	m := &Message{fields: map[int32]field{}, quantity: t == reflect.TypeFor[resource.Quantity]()}
	known[t] = m
	for i := range t.NumField() {
		of := t.Field(i)
		tag := strings.Split(of.Tag.Get("protobuf"), ",")
		if len(tag) < 2 {
			continue
		}
		if number, err := strconv.ParseInt(tag[1], 10, 32); err == nil {
			f := fieldOf(of.Type, known)
			for _, option := range tag[2:] {
				if name, ok := strings.CutPrefix(option, "name="); ok {
					f.name = name
				}
			}
			m.fields[int32(number)] = f
		}
	}
	return m
}

func fieldOf(t reflect.Type, known map[reflect.Type]*Message) field {
	switch t.Kind() {
	case reflect.Pointer:
		f := fieldOf(t.Elem(), known)
		f.each += max(allocated, int64(t.Elem().Size()))
		return f
	case reflect.Struct:
		return field{perByte: 1, message: messageOf(t, known)}
	case reflect.String:
		return field{each: allocated, perByte: 1}
	case reflect.Slice:
		size := int64(t.Elem().Size())
		if size == 1 {
			return field{each: allocated, perByte: 1}
		}
		f := fieldOf(t.Elem(), known)
		f.each += grown * size
		if isNumber(t.Elem()) {
			f.perByte = grown * size
		}
		return f
	case reflect.Map:
		// Tables have room for up to twice of what is in them.
		each := grown * grown * int64(t.Key().Size()+t.Elem().Size())
		entry := &Message{fields: map[int32]field{1: fieldOf(t.Key(), known), 2: fieldOf(t.Elem(), known)}}
		return field{each: each, perByte: 1, message: entry}
	}
	return field{perByte: 1}
}

func isNumber(t reflect.Type) bool { return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64 }

// Cost returns how much memory a message takes once it is decoded, at most, in bytes. It
// is an *Error if that is more than a bound, or if the text is no message: a decoder would
// refuse it, too, but only at the point where it finds out.
func (m *Message) Cost(text []byte, most int64) (int64, error) {
	c := cost{most: most}
	err := c.message(m, text, 1)
	return c.bytes, err
}

type cost struct{ bytes, most int64 }

func (c *cost) message(m *Message, text []byte, depth int) error {
	if depth > mostMessages {
		return errTooDeep()
	}
	return Fields(text, func(number int32, isText bool, value []byte) error {
		f := m.fields[number]
		if err := c.field(m, f, isText, value); err != nil || !isText || f.message == nil {
			return err
		}
		return c.message(f.message, value, depth+1)
	})
}

// field counts a field of a message, without what is in it.
func (c *cost) field(m *Message, f field, isText bool, value []byte) error {
	if m.quantity && isText {
		if err := Quantity(string(value)); err != nil {
			return err
		}
	}
	c.bytes += f.each
	if isText && f.message == nil {
		c.bytes += f.perByte * int64(len(value))
	}
	if c.bytes > c.most {
		return &Error{"an object is larger than " + Size(c.most) + " in memory"}
	}
	return nil
}

// Fields hands over the fields of a message one by one: their numbers, and the value of
// those that are texts, messages or packed. It is an *Error if the text is no message.
func Fields(text []byte, take func(number int32, isText bool, value []byte) error) error {
	for len(text) > 0 {
		f, err := next(text)
		if err != nil {
			return err
		}
		if err := take(f.number, f.isText, f.value); err != nil {
			return err
		}
		text = text[f.length:]
	}
	return nil
}

// onWire is a field as it stands in a message.
type onWire struct {
	number int32
	isText bool
	value  []byte // of those that are texts, messages or packed
	tag    int    // how many bytes say which it is, and
	length int    // how many it has with these
}

// next is the field with which a text begins.
func next(text []byte) (onWire, error) {
	tag, n := binary.Uvarint(text)
	f := onWire{number: int32(tag >> 3), tag: n} //nolint:gosec // decoders cut the number off, too
	if n <= 0 || f.number <= 0 {
		return f, errNoMessage()
	}
	text = text[n:]
	switch tag & 7 {
	case varint:
		_, n = binary.Uvarint(text)
	case fixed64:
		n = 8
	case fixed32:
		n = 4
	case lengthDelimited:
		length, prefix := binary.Uvarint(text)
		if prefix <= 0 || length > uint64(len(text)-prefix) {
			return f, errNoMessage()
		}
		f.isText, n = true, prefix+int(length) //nolint:gosec // not above the length of the text
		f.value = text[prefix:n]
	default:
		n = 0 // groups, which Kubernetes does not use
	}
	if n <= 0 || n > len(text) {
		return f, errNoMessage()
	}
	f.length = f.tag + n
	return f, nil
}

// The types by which fields stand in a message.
const (
	varint          = 0
	fixed64         = 1
	lengthDelimited = 2
	fixed32         = 5
)

func errNoMessage() error { return &Error{"the answer is no message of protobuf"} }

func errTooDeep() error {
	return &Error{fmt.Sprintf("messages are nested deeper than %d", mostMessages)}
}
