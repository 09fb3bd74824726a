package bounded_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// message is an object that can be read from protobuf and written as it.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal(text []byte) error
}

func usualPod(variables int) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "p", Namespace: "n", Labels: map[string]string{"app": "shop", "tier": "front"}, Annotations: map[string]string{"a": strings.Repeat("b", 300)},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubelet", FieldsV1: &metav1.FieldsV1{}}},
	}}
	container := corev1.Container{Name: "c", Image: "registry/image:1", Resources: corev1.ResourceRequirements{
		Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("1Gi")},
	}}
	for range variables {
		container.Env = append(container.Env, corev1.EnvVar{Name: "NAME", Value: "value"})
	}
	pod.Spec.Containers = []corev1.Container{container, container}
	return pod
}

// TestCost verifies that what an object costs is at least what it takes once it is
// decoded, and for usual objects far from the bounds.
func TestCost(t *testing.T) {
	t.Parallel()
	for name, object := range map[string]message{
		"an empty pod":                 &corev1.Pod{},
		"a usual pod":                  usualPod(20),
		"a pod with many variables":    usualPod(1000),
		"a node with many annotations": &corev1.Node{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"a": strings.Repeat("b", 1<<20)}}},
		"an event":                     &corev1.Event{Reason: "r", Message: strings.Repeat("m", 1024), Series: &corev1.EventSeries{Count: 1}},
	} {
		text, err := object.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		cost, err := bounded.MessageOf(reflect.TypeOf(object).Elem()).Cost(text, 12<<20)
		if least := atLeast(t, object, text); err != nil || cost < least || cost > 4*least+1<<10 {
			t.Errorf("%s: costs %d bytes, and takes %d; %v", name, cost, least, err)
		}
		if _, err := bounded.MessageOf(reflect.TypeOf(object).Elem()).Cost(text, cost-1); cost > 0 && !bounded.Is(err) {
			t.Errorf("%s: passes with a byte too much: %v", name, err)
		}
	}
}

// atLeast is what the decoded object takes beside its struct.
func atLeast(t *testing.T, kind message, text []byte) int64 {
	t.Helper()
	decoded := reflect.New(reflect.TypeOf(kind).Elem())
	if err := decoded.Interface().(message).Unmarshal(text); err != nil {
		return 0
	}
	return bounded.Held(decoded.Interface()) - int64(decoded.Elem().Type().Size())
}

func TestHeld(t *testing.T) {
	t.Parallel()
	type small struct {
		text  string
		next  *small
		table map[string]int64
		list  []int32
	}
	size := int64(reflect.TypeFor[small]().Size())
	for want, object := range map[int64]any{
		size:          &small{},
		size + 3:      &small{text: "abc"},
		2 * size:      &small{next: &small{}},
		size + 49:     &small{table: map[string]int64{"a": 1}},
		size + 4*4:    &small{list: make([]int32, 1, 4)},
		16 + 2:        func() *string { s := "ab"; return &s }(),
		24 + 2*16 + 1: &[]string{"a", ""},
		0:             nil,
		24:            func() *time.Time { at := time.Now(); return &at }(),
	} {
		if got := bounded.Held(object); got != want {
			t.Errorf("%+v: %d bytes, want %d", object, got, want)
		}
	}
}

// FuzzCost compares what messages are said to cost with what they take once a real decoder
// has decoded them.
func FuzzCost(f *testing.F) {
	for _, object := range []message{usualPod(2), &corev1.Node{}, &corev1.Event{Reason: "r"}} {
		text, err := object.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("\x0a\x06\x8a\x01\x00\x8a\x01\x00"))
	f.Add([]byte("2\x062\x010\x8a0\x00")) // a time, which has a place
	f.Add([]byte("\x12\x08\x12\x00\x12\x00\x12\x02\x3a\x00"))
	shapes := map[message]*bounded.Message{}
	for _, kind := range []message{&corev1.Pod{}, &corev1.Node{}, &corev1.Event{}} {
		shapes[kind] = bounded.MessageOf(reflect.TypeOf(kind).Elem())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for kind, shape := range shapes {
			cost, err := shape.Cost(text, math.MaxInt64)
			if err != nil {
				if !bounded.Is(err) {
					t.Error(err)
				}
				continue // and nothing is decoded
			}
			if least := atLeast(t, kind, text); cost < least {
				t.Errorf("%T: said to cost %d bytes, and takes %d", kind, cost, least)
			}
		}
	})
}
