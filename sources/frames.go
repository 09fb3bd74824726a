package sources

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// shapes are those of the objects that may come in protobuf, by version and kind.
type shapes map[runtime.TypeMeta]*bounded.Message

// shapesOf are those of the typed resources of the table, and of errors.
func shapesOf(table Table) shapes {
	all := shapes{}
	add := func(gvk schema.GroupVersionKind) {
		if obj, err := scheme.Scheme.New(gvk); err == nil {
			apiVersion, kind := gvk.ToAPIVersionAndKind()
			all[runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}] = bounded.MessageOf(reflect.TypeOf(obj).Elem())
		}
	}
	for _, r := range table {
		for _, version := range r.Versions {
			add(schema.GroupVersionKind{Group: r.Group, Version: version, Kind: r.Kind})
		}
	}
	add(metav1.Unversioned.WithKind("Status"))
	return all
}

func (s shapes) of(gvk schema.GroupVersionKind) *bounded.Message {
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	return s[runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}]
}

// The fields of metav1.WatchEvent, and of the runtime.RawExtension in it.
const (
	eventObject  = 2
	extensionRaw = 1
)

// event is an *Error if an event of a watch has an object that would take too much
// memory, or one of another kind than are watched.
func (s shapes) event(event []byte) error {
	return textFields(event, eventObject, func(extension []byte) error {
		return textFields(extension, extensionRaw, s.object)
	})
}

// object takes in an object of whatever kind, with the kind before it.
func (s shapes) object(text []byte) error {
	text, ok := bytes.CutPrefix(text, []byte(protobufMagic))
	if !ok {
		return &bounded.Error{What: "an event of a watch has no object"}
	}
	var is *runtime.TypeMeta
	return bounded.Fields(text, func(number int32, _ bool, value []byte) error {
		switch number {
		case unknownTypeMeta:
			if is != nil {
				return &bounded.Error{What: "an object is of two kinds"}
			}
			is = &runtime.TypeMeta{}
			return is.Unmarshal(value)
		case unknownRaw:
			if is == nil {
				is = &runtime.TypeMeta{}
			}
			shape := s[runtime.TypeMeta{APIVersion: is.APIVersion, Kind: is.Kind}]
			if shape == nil {
				return &bounded.Error{What: fmt.Sprintf("a watch brings a %.60q", is.Kind)}
			}
			_, err := shape.Cost(value, objectCost)
			return err
		}
		return nil
	})
}

// textFields hands over the fields of that number of a message.
func textFields(message []byte, wanted int32, take func(value []byte) error) error {
	return bounded.Fields(message, func(number int32, _ bool, value []byte) error {
		if number != wanted {
			return nil
		}
		return take(value)
	})
}

// frames passes the events of a watch in protobuf on, each once it is known what it would
// cost to decode it. Before each stands how long it is.
type frames struct {
	in     io.Reader
	check  func(event []byte) error
	buffer []byte // of a frame
	left   []byte // what of it is still to be read
	err    error
}

const (
	// frameHead is how many bytes say how long a frame is.
	frameHead = 4
	// bufferKept is how large a buffer may be that is kept for later.
	bufferKept = 64 << 10
)

// Read implements io.Reader.
func (f *frames) Read(p []byte) (int, error) {
	if len(f.left) == 0 && f.err == nil {
		f.err = f.next()
	}
	if len(f.left) == 0 {
		return 0, f.err
	}
	n := copy(p, f.left)
	f.left = f.left[n:]
	return n, nil
}

// next reads a frame. At the end of a watch it returns io.EOF.
func (f *frames) next() error {
	if cap(f.buffer) > bufferKept {
		f.buffer = nil
	}
	var err error
	if f.buffer, err = readOnto(f.buffer[:0], f.in, frameHead); err != nil {
		if len(f.buffer) == 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return err
	}
	length := int64(binary.BigEndian.Uint32(f.buffer))
	if length > objectLimit {
		return &bounded.Error{What: "an event is larger than " + bounded.Size(objectLimit)}
	}
	if f.buffer, err = readOnto(f.buffer, f.in, length); err != nil {
		return err
	}
	if err := f.check(f.buffer[frameHead:]); err != nil {
		return err
	}
	f.left = f.buffer
	return nil
}
