package sources

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestNodeMetricsOf(t *testing.T) {
	t.Parallel()
	list := func(timestamp any) *unstructured.UnstructuredList {
		u := unstructured.Unstructured{Object: map[string]any{"timestamp": timestamp}}
		u.SetName("n1")
		return &unstructured.UnstructuredList{Items: []unstructured.Unstructured{u}}
	}
	got, err := nodeMetricsOf(list("2026-03-01T12:00:00Z"))
	if err != nil || !got["n1"].Equal(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []any{"yesterday", 5, nil} {
		if _, err := nodeMetricsOf(list(bad)); err == nil || !strings.Contains(err.Error(), "n1") {
			t.Errorf("timestamp %v: %v, want an error that names the node", bad, err)
		}
	}
	if got, err := nodeMetricsOf(&unstructured.UnstructuredList{}); err != nil || got == nil {
		t.Errorf("an API without nodes: %v, %v; it did answer", got, err)
	}
}
