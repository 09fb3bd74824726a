package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

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
			if err := f.endDocument(&d); err != nil {
				return err
			}
			if atEnd {
				return nil
			}
			d = document{}
			continue
		}
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
