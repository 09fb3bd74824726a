package sources

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestWhatHoldsANamespace verifies that the first hold in the controller's order is named,
// alike of what is watched and of what a snapshot keeps.
func TestWhatHoldsANamespace(t *testing.T) {
	t.Parallel()
	is := func(types ...corev1.NamespaceConditionType) (all []corev1.NamespaceCondition) {
		for _, c := range types {
			all = append(all, corev1.NamespaceCondition{Type: c, Status: corev1.ConditionTrue, Message: "says " + string(c)})
		}
		return all
	}
	for name, tt := range map[string]struct {
		conditions []corev1.NamespaceCondition
		meta, spec string // finalizers
		want       Hold
		message    string
	}{
		"an API cannot be asked": {is(corev1.NamespaceContentRemaining, corev1.NamespaceDeletionDiscoveryFailure), "", "kubernetes", HeldByDiscovery, "says NamespaceDeletionDiscoveryFailure"},
		"an odd group":           {is(corev1.NamespaceDeletionGVParsingFailure), "", "kubernetes", HeldByDiscovery, "says NamespaceDeletionGroupVersionParsingFailure"},
		"a webhook refuses":      {is(corev1.NamespaceContentRemaining, corev1.NamespaceDeletionContentFailure), "", "kubernetes", HeldByDeletion, "says NamespaceDeletionContentFailure"},
		"a finalizer":            {is(corev1.NamespaceContentRemaining, corev1.NamespaceFinalizersRemaining), "", "kubernetes", HeldByFinalizers, "says NamespaceFinalizersRemaining"},
		"pods that end":          {is(corev1.NamespaceContentRemaining), "", "kubernetes", HeldByContent, "says NamespaceContentRemaining"},
		"its own, in metadata":   {nil, "example.com/hold", "", HeldByItself, ""},
		"its own, in spec":       {nil, "", "example.com/hold", HeldByItself, ""},
		"all conditions False":   {[]corev1.NamespaceCondition{{Type: corev1.NamespaceContentRemaining, Status: corev1.ConditionFalse}}, "", "kubernetes", HeldByNone, ""},
	} {
		deleted := metav1.NewTime(time.Unix(1_800_000_000, 0))
		n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns", DeletionTimestamp: &deleted}, Status: corev1.NamespaceStatus{Conditions: tt.conditions}}
		if tt.meta != "" {
			n.Finalizers = []string{tt.meta}
		}
		if tt.spec != "" {
			n.Spec.Finalizers = []corev1.FinalizerName{corev1.FinalizerName(tt.spec)}
		}
		raw, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := Trimmed(trimNamespace)(raw, &Latest{})
		if err != nil {
			t.Fatal(err)
		}
		for form, obj := range map[string]any{"watched": n, "trimmed": kept.Object} {
			got, err := namespaceOf(obj)
			if err != nil || got.Hold != tt.want || got.Message != tt.message || !got.Deletion.Equal(deleted.Time) {
				t.Errorf("%s, %s: %+v, %v; want %s, %q", name, form, got, err, tt.want, tt.message)
			}
		}
		if strings.Contains(string(mustJSON(t, kept.Object)), "example.com") {
			t.Errorf("%s: keeps the name of a finalizer", name)
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
