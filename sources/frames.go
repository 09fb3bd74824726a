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
	apiwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// shapes are those of the objects that may come in protobuf, by version and kind.
type shapes map[runtime.TypeMeta]*bounded.Message

// shapesOf are those of the typed resources of the table, without what is not read of
// them, and of errors.
func shapesOf(table Table) (shapes, error) {
	all := shapes{}
	add := func(gvk schema.GroupVersionKind, unread []string) error {
		obj, err := scheme.Scheme.New(gvk)
		if err != nil {
			return nil //nolint:nilerr // it comes in JSON
		}
		shape, err := bounded.MessageOf(reflect.TypeOf(obj).Elem()).Without(unread...)
		if err != nil {
			return fmt.Errorf("unread fields of a %s: %w", gvk.Kind, err)
		}
		apiVersion, kind := gvk.ToAPIVersionAndKind()
		all[runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}] = shape
		return nil
	}
	for _, r := range table {
		for _, version := range r.Versions {
			if err := add(schema.GroupVersionKind{Group: r.Group, Version: version, Kind: r.Kind}, r.unread()); err != nil {
				return nil, err
			}
		}
	}
	return all, add(metav1.Unversioned.WithKind("Status"), nil)
}

func (s shapes) of(gvk schema.GroupVersionKind) *bounded.Message {
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	return s[runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}]
}

// The fields of metav1.WatchEvent, and of the runtime.RawExtension in it.
const (
	eventType    = 1
	eventObject  = 2
	extensionRaw = 1
)

// event returns an event of a watch without what is not read of its object, in the place
// of the whole. It is an *Error if the object would take too much memory, or is of another
// kind than are watched. Bookmarks stay whole: their annotations say whether all that there
// is has come.
func (s shapes) event(event []byte) ([]byte, error) {
	bookmark := false
	return bounded.Replace(event, func(number int32, _ bool, value []byte) (kept []byte, keep bool, err error) {
		switch number {
		case eventType:
			bookmark = string(value) == string(apiwatch.Bookmark)
		case eventObject:
			value, err = bounded.Replace(value, func(number int32, _ bool, value []byte) (kept []byte, keep bool, err error) {
				if number == extensionRaw {
					value, err = s.object(value, bookmark)
				}
				return value, true, err
			})
		}
		return value, true, err
	})
}

// object returns an object of whatever kind, with the kind before it, without what is not
// read of it.
func (s shapes) object(text []byte, bookmark bool) ([]byte, error) {
	message, ok := bytes.CutPrefix(text, []byte(protobufMagic))
	if !ok {
		return nil, &bounded.Error{What: "an event of a watch has no object"}
	}
	var is *runtime.TypeMeta
	less, err := bounded.Replace(message, func(number int32, _ bool, value []byte) ([]byte, bool, error) {
		switch number {
		case unknownTypeMeta:
			if is != nil {
				return nil, false, &bounded.Error{What: "an object is of two kinds"}
			}
			is = &runtime.TypeMeta{}
			return value, true, is.Unmarshal(value)
		case unknownRaw:
			if is == nil {
				is = &runtime.TypeMeta{}
			}
			shape := s[runtime.TypeMeta{APIVersion: is.APIVersion, Kind: is.Kind}]
			if shape == nil {
				return nil, false, &bounded.Error{What: fmt.Sprintf("a watch brings a %.60q", is.Kind)}
			}
			if bookmark {
				_, err := shape.Cost(value, objectCost)
				return value, true, err
			}
			less, err := shape.Shorten(value, objectCost)
			return less, true, err
		}
		return value, true, nil
	})
	return text[:len(protobufMagic)+len(less)], err
}

// frames passes the events of a watch in protobuf on, each once it is known what it would
// cost to decode it, and without what is not read of it. Before each stands how long it is.
type frames struct {
	in io.Reader
	// shorten returns what to pass on of an event, in the place of the whole.
	shorten func(event []byte) ([]byte, error)
	buffer  []byte // of a frame
	left    []byte // what of it is still to be read
	err     error
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
	less, err := f.shorten(f.buffer[frameHead:])
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(f.buffer, uint32(len(less))) //nolint:gosec // not above the length before
	f.left = f.buffer[:frameHead+len(less)]
	return nil
}
