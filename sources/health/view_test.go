package health

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/exporter"
)

// clock is a clock that only moves when told to.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func node(name string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: name, OwnerReferences: []metav1.OwnerReference{{Name: "machine"}},
	}}
}

func newNodes(c *clock) (*View[*corev1.Node], *Health) {
	h := NewHealth("nodes", c.now)
	return NewView(h, Trim[*corev1.Node]), h
}

func count(t *testing.T, v *View[*corev1.Node]) int {
	t.Helper()
	list, err := v.List()
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return len(list)
}

func TestViewIsUnavailableUntilItHasTheWholeList(t *testing.T) {
	t.Parallel()
	v, _ := newNodes(&clock{})
	if err := v.Add(node("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := v.List(); !errors.Is(err, exporter.ErrNotReady) || Classify(err) != Starting {
		t.Errorf("List before the first list: %v, want not ready and starting", err)
	}
	if err := v.Replace([]any{node("a"), node("b")}, "7"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, v); n != 2 {
		t.Errorf("%d nodes, want 2", n)
	}
	if err := v.Delete(cache.DeletedFinalStateUnknown{Key: "a", Obj: node("a")}); err != nil {
		t.Fatal(err)
	}
	list, err := v.List()
	if err != nil || len(list) != 1 || list[0].Name != "b" {
		t.Errorf("after the deletion: %v, %v; want only b", list, err)
	}
	if list[0].OwnerReferences != nil {
		t.Error("owners are kept")
	}
}

func TestUnavailableViewHidesWhatItSawLast(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Unix(100, 0)}
	v, h := newNodes(c)
	if err := v.Replace([]any{node("a")}, "7"); err != nil {
		t.Fatal(err)
	}
	c.at = time.Unix(200, 0)
	h.Watched(apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New("no")))
	if _, err := v.List(); Classify(err) != Forbidden {
		t.Errorf("List: %v, want forbidden", err)
	}
	// What was still on its way does not open the eyes again.
	if err := v.Add(node("b")); err != nil {
		t.Fatal(err)
	}
	if err := v.Bookmark("8"); err != nil {
		t.Fatal(err)
	}
	want := State{Source: "nodes", Reason: Forbidden, LastSuccess: time.Unix(100, 0)}
	if got := h.State(); got != want {
		t.Errorf("state %+v, want %+v", got, want)
	}
	h.Succeed()
	if n := count(t, v); n != 2 {
		t.Errorf("%d nodes after the source came back, want 2", n)
	}
}

// TestAWatchThatBeginsProvesNothing verifies that neither a list that the store has
// not taken nor a watch that was accepted makes a source good, and that errors of
// both are told.
func TestAWatchThatBeginsProvesNothing(t *testing.T) {
	t.Parallel()
	var failure error
	lw := &cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			return &corev1.NodeList{}, failure
		},
		WatchFuncWithContext: func(context.Context, metav1.ListOptions) (apiwatch.Interface, error) {
			return apiwatch.NewFake(), failure
		},
	}
	h := NewHealth("nodes", time.Now)
	o := observe(t.Context(), Target{Health: h, ListWatch: lw})
	step := func(want Reason, do func() error) {
		t.Helper()
		if err := do(); err != nil && failure == nil {
			t.Fatal(err)
		}
		if got := h.State().Reason; got != want {
			t.Errorf("reason %s, want %s", got, want)
		}
	}
	list := func() error { _, err := o.ListWithContext(t.Context(), metav1.ListOptions{}); return err }
	watch := func(o *cache.ListWatch, options metav1.ListOptions) error {
		w, err := o.WatchWithContext(t.Context(), options)
		if err == nil {
			w.Stop()
		}
		return err
	}
	resume := func() error { return watch(o, metav1.ListOptions{ResourceVersion: "7"}) }
	begin := func() error {
		yes := true
		return watch(o, metav1.ListOptions{SendInitialEvents: &yes})
	}
	step(Starting, list)  // the store has not taken it yet
	step(Starting, begin) // nor has it here
	step(Starting, resume)
	h.Listed()
	failure = apierrors.NewUnauthorized("expired")
	step(Unauthorized, resume)
	failure = nil
	step(Unauthorized, begin)
	step(Unauthorized, resume)
	h.Proved()
	step(Available, resume)
	failure = context.DeadlineExceeded
	step(Timeout, list)
}

// TestViewIsInOrder verifies that objects are listed by name, however they come and go.
func TestViewIsInOrder(t *testing.T) {
	t.Parallel()
	v, _ := newNodes(&clock{})
	names := func() (all []string) {
		list, err := v.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			all = append(all, n.Name)
		}
		return all
	}
	if err := v.Replace([]any{node("d"), node("b"), node("f")}, "1"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"e", "a", "b", "g", "c"} {
		if err := v.Add(node(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "e", "absent"} {
		if err := v.Delete(node(name)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := names(), []string{"b", "c", "d", "f", "g"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err := v.Replace([]any{node("z"), node("b")}, "2"); err != nil {
		t.Fatal(err)
	}
	if got, want := names(), []string{"b", "z"}; !slices.Equal(got, want) {
		t.Errorf("after another list %v, want %v", got, want)
	}
}
