package sources

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/framer"
	apiwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/kubevitals/kubevitals/sources/scheme"
)

// TestFrames verifies what watches pass on: of objects what is read, and bookmarks whole,
// whose annotations say that all objects have come.
func TestFrames(t *testing.T) {
	t.Parallel()
	node := func() *corev1.Node {
		return &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: "n", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}},
			Spec:       corev1.NodeSpec{ProviderID: "after what is left out"},
		}
	}
	less := node()
	less.Annotations = nil
	shapes, err := shapesOf(Resources())
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	writer := framer.NewLengthDelimitedFrameWriter(&body)
	kinds := []apiwatch.EventType{apiwatch.Added, apiwatch.Bookmark, apiwatch.Deleted}
	for _, kind := range kinds {
		if _, err := writer.Write(eventOf(t, kind, node())); err != nil {
			t.Fatal(err)
		}
	}
	in := framer.NewLengthDelimitedFrameReader(io.NopCloser(&frames{in: &body, shorten: shapes.event}))
	for _, kind := range kinds {
		want := less
		if kind == apiwatch.Bookmark {
			want = node()
		}
		gotKind, got := nextOf(t, in)
		if diff := cmp.Diff(want, got); string(kind) != gotKind || diff != "" {
			t.Errorf("%s, want %s (-want, +got):\n%s", gotKind, kind, diff)
		}
	}
	if n, err := in.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the last: %d bytes, %v", n, err)
	}
}

// eventOf is an event of a watch, as API servers write it.
func eventOf(t *testing.T, kind apiwatch.EventType, obj runtime.Object) []byte {
	t.Helper()
	encoder := scheme.Codecs.EncoderForVersion(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme), corev1.SchemeGroupVersion)
	raw, err := runtime.Encode(encoder, obj)
	if err != nil {
		t.Fatal(err)
	}
	text, err := (&metav1.WatchEvent{Type: string(kind), Object: runtime.RawExtension{Raw: raw}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// nextOf reads an event as clients do.
func nextOf(t *testing.T, in io.Reader) (string, runtime.Object) {
	t.Helper()
	frame := make([]byte, 1<<20)
	n, err := in.Read(frame)
	if err != nil {
		t.Fatal(err)
	}
	var event metav1.WatchEvent
	if err := event.Unmarshal(frame[:n]); err != nil {
		t.Fatal(err)
	}
	obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(event.Object.Raw, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	obj.(*corev1.Node).TypeMeta = metav1.TypeMeta{}
	return event.Type, obj
}
