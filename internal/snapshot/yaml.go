package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// yaml reads the documents of a file. Of a list in the form in which kubectl
// prints it there is one item in memory at a time, of any other document all: that is
// why it does not use apimachinery's YAMLReader, which holds whole documents, and what
// kubectl prints of all pods is one.
func (f *objectFile) yaml() error {
	var d document
	for {
		f.bound()
		line, err := f.in.ReadBytes('\n')
		atEnd := errors.Is(err, io.EOF)
		if err != nil && !atEnd {
			return err
		}
		if bytes.HasPrefix(line, []byte("---")) || bytes.HasPrefix(line, []byte("...")) || atEnd && len(line) == 0 {
			if atEnd && d.cut() && f.matters(&d) {
				return io.ErrUnexpectedEOF // what is left of the last object would be told as the whole
			}
			if err := f.endDocument(&d); err != nil {
				return err
			}
			if atEnd {
				return nil
			}
			d = document{}
			continue
		}
		d.unended = atEnd
		if err := f.yamlLine(&d, line); err != nil {
			return err
		}
	}
}

// document is the one that is being read.
type document struct {
	// rest is all of it but for the items, and item the present one.
	rest, item []byte
	inItems    bool
	list       *listed
	// values are about how many there are in the present item, or in the rest.
	values int
	// unended says that its last line has no end, and kindFollows that it is a list
	// whose kind stands after the items, where programs that sort the keys write it.
	unended, kindFollows bool
}

// cut tells whether the document ends before its end, which YAML itself does not show:
// a list lacks the kind that follows its items, any other the end of its last line.
func (d *document) cut() bool {
	if d.kindFollows {
		return !hasField(d.rest, "kind")
	}
	return d.unended
}

// matters tells whether a document that was cut is of the cluster's state: something
// of a known kind was in the file, or what is left of its last object says that it is.
func (f *objectFile) matters(d *document) bool {
	last := d.rest
	if d.list != nil {
		last = d.item
	}
	k := f.reader.kindOf(fieldOf(last, "apiVersion"), strings.TrimSuffix(fieldOf(last, "kind"), "List"))
	f.known = f.known || k.known()
	return f.known || f.hint.known()
}

// hasField tells whether a document has a field at its top.
func hasField(doc []byte, name string) bool {
	return bytes.HasPrefix(doc, []byte(name+":")) || bytes.Contains(doc, []byte("\n"+name+":"))
}

// fieldOf is the value of the first field of a name in text that may not be whole,
// wherever it stands; empty if there is none.
func fieldOf(text []byte, name string) string {
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(name+":")); ok {
			return strings.Trim(string(bytes.TrimSpace(value)), `"'`)
		}
	}
	return ""
}

func (f *objectFile) yamlLine(d *document, line []byte) error {
	length := int64(len(d.rest) + len(d.item) + len(line))
	if length > f.reader.limits.object {
		return &limitError{"holds an object larger than " + size(f.reader.limits.object)}
	}
	if d.values += 1 + bytes.Count(line, []byte(",")); d.values > f.reader.limits.lines {
		return &limitError{fmt.Sprintf("holds an object with more than %d lines", f.reader.limits.lines)}
	}
	switch {
	case bytes.HasPrefix(line, []byte("items:")) && len(bytes.TrimSpace(line)) == len("items:"):
		d.inItems, d.list = true, &listed{hint: f.hint}
		d.kindFollows = hasField(d.rest, "apiVersion") && !hasField(d.rest, "kind")
		return nil
	case d.inItems && bytes.HasPrefix(line, []byte("- ")):
		if err := f.endItem(d); err != nil {
			return err
		}
		d.item = append(append(d.item, ' ', ' '), line[2:]...)
		return nil
	case d.inItems && (len(bytes.TrimSpace(line)) == 0 || line[0] == ' ' || line[0] == '#'):
		if len(d.item) == 0 && len(bytes.TrimSpace(line)) > 0 && line[0] == ' ' {
			// Items that are indented: the document is taken as a whole.
			d.inItems, d.list = false, nil
			d.rest = append(append(d.rest, "items:\n"...), line...)
			return nil
		}
		d.item = append(d.item, line...)
		return nil
	case d.inItems:
		if err := f.endItem(d); err != nil {
			return err
		}
		d.inItems = false
	}
	d.rest = append(d.rest, line...)
	return nil
}

func (f *objectFile) endItem(d *document) error {
	item := d.item
	d.item, d.values = nil, 0
	if len(bytes.TrimSpace(item)) == 0 {
		return nil
	}
	raw, err := yaml.YAMLToJSON(item)
	if err != nil {
		return fmt.Errorf("an item is no YAML: %w", err)
	}
	return f.object(raw, f.hint.kind, d.list)
}

// endDocument keeps what a document holds besides the items of a list.
func (f *objectFile) endDocument(d *document) error {
	if err := f.endItem(d); err != nil {
		return err
	}
	if len(bytes.TrimSpace(d.rest)) == 0 {
		return nil
	}
	raw, err := yaml.YAMLToJSON(d.rest)
	if err != nil {
		return fmt.Errorf("a document is no YAML: %w", err)
	}
	if d.list == nil {
		return f.document(raw)
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fmt.Errorf("a document is no object: %w", err)
	}
	if k := f.reader.listKind(fields); k.known() || f.hint.known() || len(d.list.rows) > 0 {
		d.list.end(f.reader.snapshot, k)
	}
	return nil
}

// document keeps a document that was converted as a whole.
func (f *objectFile) document(raw []byte) error {
	if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
		return nil // a comment, or a text
	}
	err := f.value(json.NewDecoder(bytes.NewReader(raw)))
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
