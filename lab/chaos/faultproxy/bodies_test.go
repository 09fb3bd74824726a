package faultproxy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

const protobufType = "application/vnd.kubernetes.protobuf"

// TestEmptied verifies that a list keeps its version and loses its items, in each encoding.
func TestEmptied(t *testing.T) {
	t.Parallel()
	list := &corev1.NodeList{
		TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"},
		ListMeta: metav1.ListMeta{ResourceVersion: "77"},
		Items:    []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}},
	}
	for _, contentType := range []string{"application/json", protobufType} {
		var body bytes.Buffer
		if err := encode(contentType, list, &body); err != nil {
			t.Fatal(err)
		}
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(Emptied(contentType, body.Bytes()), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := object.(*corev1.NodeList)
		if !ok || got.ResourceVersion != "77" || len(got.Items) != 0 {
			t.Errorf("%s: %v", contentType, object)
		}
	}
	unknown := `{"kind":"APIServiceList","apiVersion":"apiregistration.k8s.io/v1","metadata":{"resourceVersion":"5"},"items":[{}]}`
	if got := string(Emptied("application/json", []byte(unknown))); !strings.Contains(got, `"items":[]`) || !strings.Contains(got, `"resourceVersion":"5"`) {
		t.Errorf("an unknown kind: %s", got)
	}
	if got := string(Emptied("application/json", []byte(`{"kind":"Node"}`))); got != `{"kind":"Node"}` {
		t.Errorf("what is no list became %s", got)
	}
}

func TestHalf(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		p.Break(Fault{Whole: Half, Requests: []Kind{List}})
		if _, body, err := p.get(p.client(), "/api/v1/nodes", soon); err != nil || body != "/api/v" {
			t.Errorf("got %q, %v", body, err)
		}
		p.works(p.client())
	})
}

// event is one of a watch as a line of JSON.
func event(t *testing.T, kind string, initialEnd bool) []byte {
	t.Helper()
	line, err := json.Marshal(metav1.WatchEvent{Type: kind, Object: runtime.RawExtension{Object: nodeOf(initialEnd)}})
	if err != nil {
		t.Fatal(err)
	}
	return append(line, '\n')
}

func nodeOf(initialEnd bool) *corev1.Node {
	node := &corev1.Node{TypeMeta: metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}}
	if initialEnd {
		node.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	}
	return node
}

// asOf7 is a bookmark with that version, as it is written again.
func asOf7(line []byte) string {
	rewound, err := jsonFrames{}.rewind(line, "7")
	if err != nil {
		panic(err)
	}
	return string(rewound)
}

// TestEvents verifies what becomes of the events of a watch while each fault lasts.
func TestEvents(t *testing.T) {
	t.Parallel()
	added, bookmark, end := event(t, "ADDED", false), event(t, "BOOKMARK", false), event(t, "BOOKMARK", true)
	later := event(t, "MODIFIED", false)
	for name, c := range map[string]struct {
		fault Fault
		query string
		want  []string
	}{
		"nothing":              {Fault{}, "", []string{string(added), string(bookmark), string(end), string(later)}},
		"without bookmarks":    {Fault{Event: WithoutBookmarks}, "", []string{string(added), string(end), string(later)}},
		"without the end":      {Fault{Event: WithoutInitialEnd}, "", []string{string(added), string(bookmark), string(later)}},
		"without the list":     {Fault{Event: WithoutInitial}, "&sendInitialEvents=true", []string{string(bookmark), string(end), string(later)}},
		"resumed":              {Fault{Event: WithoutInitial}, "", []string{string(added), string(bookmark), string(end), string(later)}},
		"standing still":       {Fault{Event: StandingStill}, "&resourceVersion=7", []string{asOf7(bookmark), asOf7(end)}},
		"half":                 {Fault{Event: HalfEvent}, "", []string{string(added[:len(added)/2])}},
		"of watches that were": {Fault{Event: HalfEvent, Streams: Existing}, "", []string{string(added), string(bookmark), string(end), string(later)}},
		"of others":            {Fault{Event: HalfEvent, Requests: []Kind{WatchList}}, "", []string{string(added), string(bookmark), string(end), string(later)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothProtocols(t, func(t *testing.T, p *path) {
				p.Break(c.fault)
				lines := p.watch(p.client(), c.query)
				go func() {
					defer close(p.emit)
					for _, e := range [][]byte{added, bookmark, end, later} {
						select {
						case p.emit <- e:
						case <-t.Context().Done():
							return
						}
					}
				}()
				for _, want := range c.want {
					wantLine(t, lines, want)
				}
				if name != "half" {
					wantLine(t, lines, "") // the end of the watch
				}
			})
		})
	}
}

// TestFrozenEvents verifies that no event comes while the connection lives, and
// all of them afterwards.
func TestFrozenEvents(t *testing.T) {
	t.Parallel()
	added := string(event(t, "ADDED", false))
	bothProtocols(t, func(t *testing.T, p *path) {
		c := p.client()
		old := p.watch(c, "")
		p.Break(Fault{Event: FrozenEvents, Streams: Existing})
		p.emit <- []byte(added)
		wantSilence(t, old)
		p.works(c) // the same connection over HTTP/2
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		wantLine(t, old, added)
		p.Break(Fault{Event: FrozenEvents})
		p.emit <- []byte(added)
		close(p.emit)
		wantSilence(t, old) // nor does the end come
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		wantLine(t, old, added)
		wantLine(t, old, "")
	})
}

// TestStandingStill verifies that a watch brings bookmarks only, each with the version
// that it was asked for, and that nothing else of them changes.
func TestStandingStill(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"application/json", protobufType + ";stream=watch"} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			node := nodeOf(false)
			node.ResourceVersion = "8"
			frame := func() []byte {
				var object bytes.Buffer
				if err := encode(contentType, node, &object); err != nil {
					t.Fatal(err)
				}
				e := &metav1.WatchEvent{Type: "BOOKMARK", Object: runtime.RawExtension{Raw: object.Bytes()}}
				if !isProtobuf(contentType) {
					line, err := json.Marshal(e)
					if err != nil {
						t.Fatal(err)
					}
					return line
				}
				body, err := e.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...) //nolint:gosec // small
			}
			f := framesOf(contentType, bytes.NewReader(nil))
			got, err := f.rewind(frame(), "7")
			if err != nil {
				t.Fatal(err)
			}
			node.ResourceVersion = "7"
			if want := frame(); isProtobuf(contentType) && !bytes.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if !isProtobuf(contentType) && !strings.Contains(string(got), `"resourceVersion":"7"`) {
				t.Errorf("got %s", got)
			}
			if e, err := f.parse(got); err != nil || e.Type != "BOOKMARK" {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
	for _, c := range []struct {
		event Event
		want  Passage
	}{
		{Event{Type: "ADDED", Initial: true}, PassOn},
		{Event{Type: "BOOKMARK", Initial: true, InitialEnd: true}, PassOn},
		{Event{Type: "BOOKMARK"}, Rewind},
		{Event{Type: "MODIFIED"}, Drop},
		{Event{}, PassOn},
	} {
		if got := StandingStill(c.event); got != c.want {
			t.Errorf("%+v: %d, want %d", c.event, got, c.want)
		}
	}
}

// TestProtobufEvents verifies that frames of protobuf are told apart as those of JSON are.
func TestProtobufEvents(t *testing.T) {
	t.Parallel()
	var stream bytes.Buffer
	for _, e := range []struct {
		kind string
		end  bool
	}{{"ADDED", false}, {"BOOKMARK", false}, {"BOOKMARK", true}} {
		var object bytes.Buffer
		if err := encode(protobufType, nodeOf(e.end), &object); err != nil {
			t.Fatal(err)
		}
		frame, err := (&metav1.WatchEvent{Type: e.kind, Object: runtime.RawExtension{Raw: object.Bytes()}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		stream.Write(binary.BigEndian.AppendUint32(nil, uint32(len(frame)))) //nolint:gosec // small
		stream.Write(frame)
	}
	whole := stream.String()
	f := framesOf(protobufType+";stream=watch", &stream)
	var again strings.Builder
	for i, want := range []Event{{Type: "ADDED"}, {Type: "BOOKMARK"}, {Type: "BOOKMARK", InitialEnd: true}} {
		frame, err := f.next()
		if err != nil {
			t.Fatal(err)
		}
		again.Write(frame)
		if got, err := f.parse(frame); err != nil || got != want {
			t.Errorf("event %d is %v, %v; want %v", i, got, err, want)
		}
	}
	if again.String() != whole {
		t.Error("the frames are not what was on the wire")
	}
	if _, err := f.next(); err == nil {
		t.Error("a frame after the end")
	}
}
