package health

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Load fills the target's store once, with a list that nothing will change.
func Load(ctx context.Context, t Target) {
	if err := load(ctx, t); err != nil && ctx.Err() == nil {
		t.Health.Fail(err)
	}
}

func load(ctx context.Context, t Target) error {
	list, err := t.ListWatch.ListWithContext(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	objects, err := meta.ExtractList(list)
	if err != nil {
		return fmt.Errorf("a list: %w", err)
	}
	items := make([]any, len(objects))
	for i, object := range objects {
		items[i] = object
	}
	return t.Store.Replace(items, "")
}
