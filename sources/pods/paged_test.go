package pods

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
)

// TestPagesThatNeverEnd verifies that a list whose pages are the same again and again is
// given up: all of them together have no bound.
func TestPagesThatNeverEnd(t *testing.T) {
	t.Parallel()
	pages := 0
	_, err := Paged(&cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			if pages++; pages > 10 {
				t.Fatal("goes on after ten pages")
			}
			return &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "5", Continue: "more"}, Items: make([]corev1.Pod, 1)}, nil
		},
	}).ListWithContext(t.Context(), metav1.ListOptions{})
	if err == nil || !strings.Contains(err.Error(), "a list does not end") {
		t.Errorf("error %v", err)
	}
}
