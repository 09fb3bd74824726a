package sources

import (
	"encoding/json"
	"math/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"

	"github.com/kubevitals/kubevitals/sources/pods"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// anything fills objects by chance, with values that can be written and read again.
func anything(seed int64) *randfill.Filler {
	return randfill.NewWithSeed(seed).NilChance(0.3).NumElements(0, 3).Funcs(
		func(q *resource.Quantity, c randfill.Continue) {
			*q = *resource.NewQuantity(c.Int63n(1<<40), resource.BinarySI)
		},
		func(t *metav1.Time, c randfill.Continue) { t.Time = time.Unix(c.Int63n(1<<31), 0) },
		func(t *metav1.MicroTime, c randfill.Continue) { t.Time = time.UnixMicro(c.Int63n(1 << 50)) },
		func(v *intstr.IntOrString, c randfill.Continue) { *v = intstr.FromInt32(c.Int31()) },
		func(r *runtime.RawExtension, _ randfill.Continue) { *r = runtime.RawExtension{} },
		func(f *metav1.FieldsV1, _ randfill.Continue) { *f = *metav1.NewFieldsV1(heartbeatAlone) },
		func(o *metav1.OwnerReference, c randfill.Continue) {
			c.FillNoCustom(o)
			o.Kind = "ReplicaSet"
		},
		func(s *corev1.PodStatus, c randfill.Continue) {
			c.FillNoCustom(s)
			s.Phase = []corev1.PodPhase{corev1.PodPending, corev1.PodRunning, corev1.PodFailed}[c.Intn(3)]
			for i := range s.Conditions {
				s.Conditions[i].Type = podConditions()[c.Intn(len(podConditions()))]
			}
		},
	)
}

// TestUnread verifies that what is left out before objects are decoded is read by nobody:
// of each kind, a snapshot keeps the same of objects with it and without.
func TestUnread(t *testing.T) {
	t.Parallel()
	shapes, err := shapesOf(Resources())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range Resources() {
		if !row.Typed() || row.Trim == nil {
			continue
		}
		t.Run(row.Kind, func(t *testing.T) {
			t.Parallel()
			seed := rand.Int63() //nolint:gosec // it is no secret
			fill, shorter := anything(seed), 0
			for range 300 {
				whole, less := both(t, row, shapes, fill, &shorter)
				if diff := cmp.Diff(trimmed(t, row, whole), trimmed(t, row, less)); diff != "" {
					t.Fatalf("seed %d: kept of the whole, and of what is read (-, +):\n%s", seed, diff)
				}
				if pod, ok := whole.(*corev1.Pod); ok {
					samePod(t, seed, pod, less.(*corev1.Pod))
				}
			}
			if shorter == 0 {
				t.Error("nothing was left out of any")
			}
		})
	}
}

// both is an object as it was written, without its managed fields unless they are read,
// and what is decoded of it.
func both(t *testing.T, row Resource, shapes shapes, fill *randfill.Filler, shorter *int) (whole, less runtime.Object) {
	t.Helper()
	object := func() runtime.Object {
		obj, err := scheme.Scheme.New(row.GVK())
		if err != nil {
			t.Fatal(err)
		}
		return obj
	}
	whole, less = object(), object()
	fill.Fill(whole)
	if m, err := meta.Accessor(whole); err != nil {
		t.Fatal(err)
	} else if m.SetName("n"); row.Managed == nil {
		defer m.SetManagedFields(nil)
	}
	text, err := whole.(interface{ Marshal() ([]byte, error) }).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	length := len(text)
	if text, err = shapes.of(row.GVK()).Shorten(text, objectCost); err != nil {
		t.Fatal(err)
	}
	if len(text) < length {
		*shorter++
	}
	if err := less.(interface{ Unmarshal(text []byte) error }).Unmarshal(text); err != nil {
		t.Fatal(err)
	}
	return whole, less
}

// trimmed is what a snapshot keeps, as it writes it.
func trimmed(t *testing.T, row Resource, obj runtime.Object) string {
	t.Helper()
	raw, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := row.Trim(raw, &Latest{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(kept.Object, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// samePod compares what is kept of pods that are counted, and of those of components.
func samePod(t *testing.T, seed int64, whole, less *corev1.Pod) {
	t.Helper()
	counted := func(pod *corev1.Pod) (all []pods.Pod) {
		index := pods.New()
		if err := index.Replace([]any{pod}, ""); err != nil {
			t.Fatal(err)
		}
		if err := index.Each(func(p pods.Pod) { all = append(all, p) }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if diff := cmp.Diff(counted(whole), counted(less), cmp.AllowUnexported(pods.Pod{})); diff != "" {
		t.Errorf("seed %d: counted of the whole, and of what is read (-, +):\n%s", seed, diff)
	}
	a, errA := SystemPodOf(whole)
	b, errB := SystemPodOf(less)
	if diff := cmp.Diff(a, b); errA != nil || errB != nil || diff != "" {
		t.Errorf("seed %d: of a component, the whole and what is read (-, +):\n%s %v %v", seed, diff, errA, errB)
	}
}
