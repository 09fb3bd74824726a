package faultproxy

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

// Event is one of a watch, on its way to the client.
type Event struct {
	// Type is empty at the end of the watch.
	Type watch.EventType
	// Initial is whether it belongs to the list with which a watch begins, and
	// InitialEnd whether it is the bookmark that ends that list.
	Initial, InitialEnd bool
}

// Passage says what becomes of an event.
type Passage int

// What can become of an event.
const (
	PassOn   Passage = iota
	Rewind           // the client gets it with the version that the watch was asked for
	Drop             // the client never gets it
	HoldBack         // the client gets it once the fault is healed
	CutShort         // the client gets half of it, and then the watch ends
)

// watchBody is the body of a watch, event by event.
type watchBody struct {
	proxy    *Proxy
	ctx      context.Context //nolint:containedctx // of the request whose body it is
	kind     Kind
	from     string // the version that was asked for
	began    uint64
	upstream io.ReadCloser
	frames   frames

	listed bool // the initial list is over
	rest   []byte
	over   error
}

// Read returns what the faults let through, and waits for it.
func (b *watchBody) Read(out []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.over != nil {
			return 0, b.over
		}
		b.next()
	}
	n := copy(out, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close ends the watch at the server.
func (b *watchBody) Close() error { return b.upstream.Close() }

// next takes one event from the server.
func (b *watchBody) next() {
	frame, err := b.frames.next()
	var event Event
	if err != nil {
		b.over = err
	} else if event, err = b.frames.parse(frame); err != nil {
		b.over = err
		return
	}
	event.Initial = b.kind == WatchList && !b.listed
	b.listed = b.listed || event.InitialEnd
	passage, ended := b.judge(event)
	switch {
	case ended != nil:
		b.over = ended
	case passage == PassOn:
		b.rest = frame
	case passage == Rewind && b.from == "": // there is nothing to go back to
	case passage == Rewind:
		b.rest, b.over = b.frames.rewind(frame, b.from)
	case passage == CutShort:
		b.rest, b.over = frame[:len(frame)/2], io.EOF
	}
}

// judge waits while the event is held back and returns the worst of what the
// faults do to it otherwise.
func (b *watchBody) judge(e Event) (Passage, error) {
	for {
		faults, changed := b.proxy.faults()
		worst, hold := PassOn, false
		for _, f := range faults {
			if f.Event == nil || !f.befalls(b.kind) || !f.Streams.has(b.began, f.at) {
				continue
			}
			passage := f.Event(e)
			hold = hold || passage == HoldBack
			worst = max(worst, passage)
		}
		if !hold {
			return worst, nil
		}
		select {
		case <-changed:
		case <-b.ctx.Done():
			return HoldBack, b.ctx.Err()
		}
	}
}

// frames takes the body of a watch apart. A frame is an event as it was on the wire.
type frames interface {
	next() ([]byte, error)
	parse(frame []byte) (Event, error)
	// rewind returns the frame with another version of its object.
	rewind(frame []byte, version string) ([]byte, error)
}

func framesOf(contentType string, body io.Reader) frames {
	if isProtobuf(contentType) {
		return protobufFrames{body}
	}
	return jsonFrames{json.NewDecoder(body)}
}

// jsonFrames are one after the other, without a delimiter that had to be there.
type jsonFrames struct{ *json.Decoder }

func (f jsonFrames) next() ([]byte, error) {
	var frame json.RawMessage
	if err := f.Decode(&frame); err != nil {
		return nil, err
	}
	return append(frame, '\n'), nil
}

func (jsonFrames) parse(frame []byte) (Event, error) {
	var e struct {
		Type   watch.EventType `json:"type"`
		Object json.RawMessage `json:"object"`
	}
	if err := json.Unmarshal(frame, &e); err != nil {
		return Event{}, fmt.Errorf("event of a watch: %w", err)
	}
	return eventOf(e.Type, e.Object), nil
}

func (jsonFrames) rewind(frame []byte, version string) ([]byte, error) {
	var e struct {
		Type   watch.EventType            `json:"type"`
		Object *unstructured.Unstructured `json:"object"`
	}
	if err := json.Unmarshal(frame, &e); err != nil {
		return nil, fmt.Errorf("event of a watch: %w", err)
	}
	e.Object.SetResourceVersion(version)
	frame, err := json.Marshal(e)
	return append(frame, '\n'), err
}

// protobufFrames are preceded by their lengths, in four bytes.
type protobufFrames struct{ io.Reader }

const (
	frameHeader = 4
	frameLimit  = 64 << 20
)

func (f protobufFrames) next() ([]byte, error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(f, header[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(header[:])
	if length > frameLimit {
		return nil, errors.New("event of a watch: too large")
	}
	frame := make([]byte, frameHeader+length)
	copy(frame, header[:])
	_, err := io.ReadFull(f, frame[frameHeader:])
	return frame, err
}

func (protobufFrames) parse(frame []byte) (Event, error) {
	var e metav1.WatchEvent
	if err := e.Unmarshal(frame[frameHeader:]); err != nil {
		return Event{}, fmt.Errorf("event of a watch: %w", err)
	}
	return eventOf(watch.EventType(e.Type), e.Object.Raw), nil
}

func (protobufFrames) rewind(frame []byte, version string) ([]byte, error) {
	var e metav1.WatchEvent
	if err := e.Unmarshal(frame[frameHeader:]); err != nil {
		return nil, fmt.Errorf("event of a watch: %w", err)
	}
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(e.Object.Raw, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("object of a watch: %w", err)
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return nil, fmt.Errorf("object of a watch: %w", err)
	}
	m.SetResourceVersion(version)
	var raw bytes.Buffer
	if err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(object, &raw); err != nil {
		return nil, fmt.Errorf("object of a watch: %w", err)
	}
	e.Object.Raw = raw.Bytes()
	body, err := e.Marshal()
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...), err //nolint:gosec // an object of etcd
}

// eventOf needs not decode the object: no other one holds this annotation.
func eventOf(kind watch.EventType, object []byte) Event {
	return Event{
		Type:       kind,
		InitialEnd: kind == watch.Bookmark && bytes.Contains(object, []byte(metav1.InitialEventsAnnotationKey)),
	}
}
