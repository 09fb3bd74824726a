package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// What kubectl cluster-info dump writes between its lists.
const (
	logStart = "==== START logs"
	logEnd   = "==== END logs"
)

// json reads JSON values one after the other, and leaves out the logs between
// them. Of a list there is one item in memory at a time.
func (f *objectFile) json() error {
	for {
		more, err := f.toValue()
		if err != nil || !more {
			return err
		}
		d := json.NewDecoder(f.in)
		for next := true; next; next = startsValue(d.Buffered()) {
			f.bound()
			if err := f.value(d); err != nil {
				if errors.Is(err, io.EOF) {
					return io.ErrUnexpectedEOF
				}
				return err
			}
		}
		f.unread(d.Buffered())
	}
}

// startsValue tells whether the next that a decoder has read is another object or
// list.
func startsValue(ahead io.Reader) bool {
	buffered, ok := ahead.(io.ByteReader)
	for ok {
		b, err := buffered.ReadByte()
		switch {
		case err != nil:
			return false
		case b == '{' || b == '[':
			return true
		case !space(b):
			return false
		}
	}
	return false
}

func space(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// unread puts back what a decoder has read too much.
func (f *objectFile) unread(ahead io.Reader) {
	back, _ := io.ReadAll(ahead)          // cannot fail: it is in memory,
	held, _ := f.in.Peek(f.in.Buffered()) // and so is this
	f.source.back = append(append(back, held...), f.source.back...)
	f.in.Reset(f.source)
}

// pushback is a reader that takes back what was read too much.
type pushback struct {
	back []byte
	r    io.Reader
}

func (p *pushback) Read(b []byte) (int, error) {
	if len(p.back) == 0 {
		return p.r.Read(b)
	}
	n := copy(b, p.back)
	p.back = p.back[n:]
	return n, nil
}

// toValue goes to the next JSON value; false at the end of the file.
func (f *objectFile) toValue() (bool, error) {
	inLog := false
	for {
		f.bound()
		start, err := f.in.Peek(1)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return false, nil
			}
			return false, err
		}
		if !inLog && (start[0] == '{' || start[0] == '[') {
			return true, nil
		}
		if !inLog && space(start[0]) {
			_, _ = f.in.Discard(1)
			continue
		}
		line, err := f.line()
		if err != nil {
			return false, err
		}
		switch {
		case bytes.HasPrefix(line, []byte(logStart)):
			inLog = true
		case bytes.HasPrefix(line, []byte(logEnd)):
			inLog = false
		}
	}
}

// line reads on to the end of a line and returns its start.
func (f *objectFile) line() ([]byte, error) {
	var start []byte
	for {
		part, more, err := f.in.ReadLine()
		if start == nil {
			start = bytes.Clone(part)
		}
		switch {
		case errors.Is(err, io.EOF):
			return start, nil // whoever reads on finds the end, too
		case err != nil:
			return start, err
		case !more:
			return start, nil
		}
		f.bound()
	}
}

// value reads an object, a list of objects or an array of them.
func (f *objectFile) value(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token == json.Delim('[') {
		l := &listed{hint: f.hint}
		if err := f.items(d, f.hint.kind, l); err != nil {
			return err
		}
		if f.hint.known() || len(l.rows) > 0 {
			l.end(f.reader.snapshot, kind{})
		}
		return nil
	}
	fields := map[string]json.RawMessage{}
	var l *listed
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if name != "items" {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return err
			}
			if fields[name] = raw; len(fields) > mostFields {
				return &limitError{fmt.Sprintf("holds an object with more than %d fields", mostFields)}
			}
			continue
		}
		if l, err = f.list(d, fields); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if l == nil {
		return f.single(fields)
	}
	// The kind may follow the items.
	if k := f.reader.listKind(fields); k.known() || f.hint.known() || len(l.rows) > 0 {
		l.end(f.reader.snapshot, k)
	}
	return unfinished(fields["metadata"])
}

// list reads the value of the field items.
func (f *objectFile) list(d *json.Decoder, fields map[string]json.RawMessage) (*listed, error) {
	l := &listed{hint: f.hint}
	k := f.reader.listKind(fields)
	if !k.known() {
		k = f.hint.kind
	}
	token, err := d.Token()
	switch {
	case err != nil:
		return nil, err
	case token == nil: // Go writes an empty list so
		return l, nil
	case token != json.Delim('['):
		return nil, fmt.Errorf("want a list in the field items, got %v", token)
	}
	f.known = f.known || k.known()
	return l, f.items(d, k, l)
}

func (f *objectFile) items(d *json.Decoder, k kind, l *listed) error {
	for d.More() {
		f.bound()
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		if len(raw) == 0 || raw[0] != '{' {
			continue
		}
		if err := f.object(raw, k, l); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// single keeps an object that is no list.
func (f *objectFile) single(fields map[string]json.RawMessage) error {
	if text(fields["kind"]) == "" || text(fields["apiVersion"]) == "" {
		f.reader.versionIn(fields)
		f.reader.snapshot.Skipped["file"]++
		return nil
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	l := &listed{hint: f.hint, alone: true}
	f.reader.alone = true
	err = f.object(raw, kind{}, l)
	f.reader.alone = false
	if err != nil {
		return err
	}
	if len(l.rows) > 0 {
		l.end(f.reader.snapshot, kind{})
	}
	return nil
}

// listKind is the kind of the items of a list that has one.
func (r *reader) listKind(fields map[string]json.RawMessage) kind {
	name := text(fields["kind"])
	if len(name) < len("List") || name[len(name)-len("List"):] != "List" {
		return kind{}
	}
	return r.kindOf(text(fields["apiVersion"]), name[:len(name)-len("List")])
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // what is no text is none
	return s
}
