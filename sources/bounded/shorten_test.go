package bounded_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// unread are fields on several levels, of one message and of many.
func unread() []string {
	return []string{"metadata.managedFields", "metadata.annotations", "spec.containers.env.value", "spec.containers.resources"}
}

// withoutUnread takes the same fields from an object.
func withoutUnread(pod *corev1.Pod) {
	pod.ManagedFields, pod.Annotations = nil, nil
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		c.Resources = corev1.ResourceRequirements{}
		for j := range c.Env {
			c.Env[j].Value = ""
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	whole := bounded.MessageOf(reflect.TypeFor[corev1.Pod]())
	shape, err := whole.Without(unread()...)
	if err != nil {
		t.Fatal(err)
	}
	pod := usualPod(20)
	pod.Spec.InitContainers = usualPod(3).Spec.Containers // of the same kind, and read
	pod.Status.Message = strings.Repeat("m", 200)         // after all that is left out
	text, err := pod.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	before, err := whole.Cost(text, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	length := len(text)
	if _, err := shape.Shorten(slices.Clone(text), before/4); !bounded.Is(err) {
		t.Errorf("passes with a cost of more than a quarter: %v", err)
	}
	if _, err := shape.Shorten(slices.Clone(text)[:length-1], math.MaxInt64); !bounded.Is(err) {
		t.Errorf("a part passes: %v", err)
	}
	less, err := shape.Shorten(text, before-1)
	if err != nil {
		t.Fatal(err)
	}
	if len(less) >= length || &less[0] != &text[0] {
		t.Errorf("%d bytes of %d, or not in their place", len(less), length)
	}
	var got corev1.Pod
	if err := got.Unmarshal(less); err != nil {
		t.Fatal(err)
	}
	withoutUnread(pod)
	if diff := cmp.Diff(*pod, got); diff != "" {
		t.Errorf("(-want, +got):\n%s", diff)
	}
}

func TestWithoutNames(t *testing.T) {
	t.Parallel()
	shape := bounded.MessageOf(reflect.TypeFor[corev1.Pod]())
	for path, want := range map[string]string{
		"spec.container":       `there is no field "container"`,
		"spec.nodeName.length": `nothing is in "nodeName"`,
		"":                     `there is no field ""`,
	} {
		if _, err := shape.Without(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
}

// FuzzShorten compares what decoders make of a message that was shortened with what they
// make of the whole, less the same fields.
func FuzzShorten(f *testing.F) {
	text, err := usualPod(2).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("\x12\x86\x00\x12\x04\x3a\x02\x12\x00")) // a length in more bytes than it needs
	shape, err := bounded.MessageOf(reflect.TypeFor[corev1.Pod]()).Without(unread()...)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want, got corev1.Pod
		wholeErr := want.Unmarshal(slices.Clone(text))
		less, err := shape.Shorten(slices.Clone(text), math.MaxInt64)
		if err != nil && !bounded.Is(err) {
			t.Error(err)
		}
		if err != nil || wholeErr != nil {
			return // of what is left out, nobody finds out that it is no message
		}
		if err := got.Unmarshal(less); err != nil {
			t.Fatalf("%x of %x: %v", less, text, err)
		}
		withoutUnread(&want)
		a, _ := want.Marshal()
		b, _ := got.Marshal()
		if !slices.Equal(a, b) {
			t.Errorf("(-want, +got):\n%s", cmp.Diff(want, got))
		}
	})
}
