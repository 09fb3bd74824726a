package sources

import (
	"bufio"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// protobufMagic is what all objects of Kubernetes begin with in protobuf; runtime.Unknown
// follows, and what it is about is within.
const protobufMagic = "k8s\x00"

// decodeJSON returns what decodes an item of a list in JSON. What addons serve is trimmed
// as in a snapshot.
func decodeJSON(r Resource, version string, keep cache.TransformFunc) func(raw []byte) (runtime.Object, error) {
	gvk := schema.GroupVersionKind{Group: r.Group, Version: version, Kind: r.Kind}
	return func(raw []byte) (runtime.Object, error) {
		if err := (bounded.JSON{Values: objectValues, Quantities: true}).Check(raw); err != nil {
			return nil, err
		}
		if r.Addon {
			trimmed, err := r.Trim(raw, &Latest{})
			return trimmed.Object, err
		}
		if !scheme.Scheme.Recognizes(gvk) {
			u := &unstructured.Unstructured{}
			if err := utiljson.Unmarshal(raw, &u.Object); err != nil {
				return nil, err
			}
			if u.Object == nil {
				return nil, &bounded.Error{What: "an object of a list is null"}
			}
			u.SetGroupVersionKind(gvk)
			return kept(r, u, keep)
		}
		obj, err := scheme.Scheme.New(gvk)
		if err != nil {
			return nil, err
		}
		if err := utiljson.Unmarshal(raw, obj); err != nil {
			return nil, err
		}
		return kept(r, obj, keep)
	}
}

// decodeProtobuf returns what decodes an item of a list in protobuf, without what is not
// read of it. It writes over the bytes.
func decodeProtobuf(r Resource, version string, shape *bounded.Message, keep cache.TransformFunc) func(raw []byte) (runtime.Object, error) {
	gvk := schema.GroupVersionKind{Group: r.Group, Version: version, Kind: r.Kind}
	return func(raw []byte) (runtime.Object, error) {
		raw, err := shape.Shorten(raw, objectCost)
		if err != nil {
			return nil, err
		}
		obj, err := scheme.Scheme.New(gvk)
		if err != nil {
			return nil, err
		}
		message, ok := obj.(interface{ Unmarshal(text []byte) error })
		if !ok {
			return nil, fmt.Errorf("%s cannot be read as protobuf", gvk.Kind)
		}
		if err := message.Unmarshal(raw); err != nil {
			return nil, err
		}
		return kept(r, obj, keep)
	}
}

// The fields of a list: of runtime.Unknown, and of all lists of Kubernetes.
const (
	unknownTypeMeta = 1
	unknownRaw      = 2
	listMetadata    = 1
	listItems       = 2
)

// protobuf reads a list in protobuf.
func (g *gathered) protobuf(body *bufio.Reader) error {
	in := &fieldReader{in: body, left: listLimit, buffer: make([]byte, 0, headLimit)}
	if _, err := in.text(int64(len(protobufMagic))); err != nil {
		return err
	}
	whole, named := false, false
	err := in.each(func(number int32, length int64) (err error) {
		switch {
		case number == unknownTypeMeta && !named:
			named = true
			return g.isList(in, length)
		case number == unknownRaw && named && !whole:
			whole = true
			within := &fieldReader{in: body, left: length, buffer: in.buffer}
			in.left -= length
			if err := within.each(func(number int32, length int64) error { return g.field(within, number, length) }); err != nil {
				return err
			}
			if within.left > 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		case number == unknownTypeMeta || number == unknownRaw:
			return errNoList(nil)
		}
		return in.skip(length)
	})
	if err == nil && !whole {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// isList is an error if an answer is of another kind than the list that was asked for.
func (g *gathered) isList(in *fieldReader, length int64) error {
	var is runtime.TypeMeta
	text, err := in.head(length)
	if err == nil {
		err = is.Unmarshal(text)
	}
	if err == nil && is.Kind != g.row.Kind+"List" {
		err = errNoList(nil)
	}
	return err
}

// field takes in a field of a list.
func (g *gathered) field(in *fieldReader, number int32, length int64) error {
	switch number {
	case listMetadata:
		text, err := in.head(length)
		if err != nil {
			return err
		}
		return g.ListMeta.Unmarshal(text)
	case listItems:
		if length > g.limit {
			return &bounded.Error{What: "an object is larger than " + bounded.Size(g.limit)}
		}
		text, err := in.text(length)
		if err != nil {
			return err
		}
		return g.take(text)
	}
	if g.others++; g.others > headFields {
		return errNoList(nil)
	}
	return in.skip(length)
}
