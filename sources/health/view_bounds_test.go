package health

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// TestEventsAreBoundedAsListsAre verifies that events which add objects for ever fill no
// memory, that they are told, and that a list ends it.
func TestEventsAreBoundedAsListsAre(t *testing.T) {
	t.Parallel()
	v, h := newNodes(&clock{})
	if err := v.Replace([]any{node("a")}, "7"); err != nil {
		t.Fatal(err)
	}
	// Many share the text here, which count as if they did not.
	text := strings.Repeat("x", 1<<20)
	heavy := func(name string) *corev1.Node {
		n := node(name)
		n.Labels = map[string]string{"x": text}
		return n
	}
	fill := func() (taken int) {
		for ; taken < 1000; taken++ {
			if err := v.Update(heavy(fmt.Sprint(taken))); err != nil {
				var refused *bounded.Error
				if !errors.As(err, &refused) {
					t.Fatalf("after %d objects: %v", taken, err)
				}
				return taken
			}
		}
		return taken
	}
	const most = bounded.ListHeld >> 20
	if taken := fill(); taken < most*9/10 || taken > most {
		t.Errorf("%d objects of 1 MiB were taken, want about %d", taken, most)
	}
	if got := h.State().Reason; got != Invalid {
		t.Errorf("reason %v, want %v", got, Invalid)
	}
	if _, err := v.List(); err == nil {
		t.Error("a view that lacks objects can be read")
	}
	if err := v.Replace([]any{node("a")}, "8"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, v); n != 1 {
		t.Errorf("%d nodes after the next list, want 1", n)
	}
	// What comes and goes, and what changes and stays as large, does not add up.
	for range 3 * most {
		if err := v.Add(heavy("a")); err != nil {
			t.Fatal(err)
		}
		if err := v.Add(heavy("b")); err != nil {
			t.Fatal(err)
		}
		if err := v.Delete(node("b")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatWasLostIsListed verifies that a store which could not take an event is given a
// list as soon as its watch ends, and not when some watch happens to expire.
func TestWhatWasLostIsListed(t *testing.T) {
	t.Parallel()
	h, requests, answers := watched(t)
	listed := func() *apiwatch.FakeWatcher {
		w := apiwatch.NewFakeWithChanSize(2, false)
		one := node("a")
		one.ResourceVersion = "7"
		w.Add(one)
		end := one.DeepCopy()
		end.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
		w.Action(apiwatch.Bookmark, end)
		return w
	}
	available := func() {
		t.Helper()
		for end := time.Now().Add(time.Minute); h.State().Reason != Available; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("still %v", h.State().Reason)
			}
		}
	}
	if first := <-requests; !first.withList {
		t.Fatal("the first watch brings no list")
	}
	w := listed()
	answers <- func() (apiwatch.Interface, error) { return w, nil }
	available()
	h.Lost(errors.New("too much"))
	changed := node("a")
	changed.ResourceVersion = "8"
	w.Modify(changed) // a watch that brought nothing would be followed by a list anyway
	w.Stop()
	if next := <-requests; !next.withList {
		t.Error("the next watch goes on where the last one ended")
	}
	answers <- func() (apiwatch.Interface, error) { return listed(), nil }
	available()
}
