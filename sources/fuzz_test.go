package sources

import (
	"bufio"
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// FuzzTrim verifies that whatever an object of a dump says, each row of the table takes
// it or refuses it, and that what is kept can be written.
func FuzzTrim(f *testing.F) {
	for _, object := range []string{
		`{"metadata":{"name":"a","namespace":"b","creationTimestamp":"2026-01-01T00:00:00Z","managedFields":[{"time":null}]}}`,
		`{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Available","status":"True","reason":7}]},"spec":{"service":{"name":"x"}}}`,
		`{"metadata":{"name":"a","annotations":{"autoscaling.alpha.kubernetes.io/metrics":"[{\"type\":\"Pods\",\"pods\":{}},null]","autoscaling.alpha.kubernetes.io/conditions":"[{}]"}}}`,
		`{"metadata":{"name":"a"},"timestamp":"2200-01-01T00:00:00Z"}`,
		`{"involvedObject":{"kind":"Node","name":"n"},"series":{"count":-1},"count":-5}`,
		`{"spec":{"volumes":[{"projected":{"sources":[{"configMap":null}]}}],"containers":[{"envFrom":[{"secretRef":{}}]}]}}`,
	} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, row := range Resources() {
			trims := []Trim{row.trim()}
			for _, alias := range row.Aliases {
				trims = append(trims, alias.Trim)
			}
			for _, trim := range trims {
				kept, err := trim(raw, &Latest{})
				if err != nil || kept.Object == nil {
					continue
				}
				if _, err := json.Marshal(kept.Object); err != nil {
					t.Errorf("%s: what is kept cannot be written: %v", row.Kind, err)
				}
			}
		}
	})
}

// FuzzItems compares the reader of lists that addons serve with a decoder that holds
// everything.
func FuzzItems(f *testing.F) {
	f.Add(`{"kind":"NodeMetricsList","metadata":{},"items":[{"metadata":{"name":"a"}},{}]}`)
	f.Add(`{"items":null}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		count := 0
		in := bounded.JSON{Bytes: 64 << 20, Depth: 16}.Reader(strings.NewReader(body))
		other := func(string, json.RawMessage) error { return nil }
		err := items(json.NewDecoder(in), in, addonItemLimit, other, func(json.RawMessage) error { count++; return nil })
		var slow struct{ Items []json.RawMessage }
		slowErr := json.Unmarshal([]byte(body), &slow)
		if bounded.Is(err) || slowErr != nil || strings.Count(strings.ToLower(body), "items") != 1 || !strings.Contains(body, `"items"`) {
			return // beyond the bounds, or no list, or one of which it is open what is meant
		}
		if err != nil || count != len(slow.Items) {
			t.Errorf("%d items, %v; want %d", count, err, len(slow.Items))
		}
	})
}

// FuzzList compares the reader of lists in protobuf with a decoder that holds everything.
func FuzzList(f *testing.F) {
	encoder := scheme.Codecs.EncoderForVersion(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme), corev1.SchemeGroupVersion)
	for _, list := range []corev1.NodeList{
		{},
		{ListMeta: metav1.ListMeta{ResourceVersion: "7", Continue: "more"}, Items: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, {ObjectMeta: metav1.ObjectMeta{Name: "b"}}}},
	} {
		text, err := runtime.Encode(encoder, &list)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	row, _, _ := Resources().Find(Nodes)
	shape := bounded.MessageOf(reflect.TypeFor[corev1.Node]()) // the whole, as the other decoder reads it
	f.Fuzz(func(t *testing.T, text []byte) {
		g := &gathered{row: row, limit: objectLimit, decode: decodeProtobuf(row, "v1", shape, nil)}
		err := g.protobuf(bufio.NewReader(bytes.NewReader(text)))
		slow, _, slowErr := scheme.Codecs.UniversalDeserializer().Decode(text, nil, &corev1.NodeList{})
		if err != nil {
			return // by a bound, or as the other decoder does: nothing is taken that it refuses
		}
		list, ok := slow.(*corev1.NodeList)
		if slowErr != nil || !ok {
			t.Fatalf("taken: %d items; %v", len(g.Items), slowErr)
		}
		if len(list.Items) != len(g.Items) || list.ListMeta.String() != g.ListMeta.String() {
			t.Errorf("%d items, %v; want %d, %v", len(g.Items), g.ListMeta, len(list.Items), list.ListMeta)
		}
	})
}
