package events

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/health"
)

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	evicted = Kind{"Evicted", "Pod"}
	sandbox = Kind{"FailedCreatePodSandBox", "Pod"}
	reboot  = Kind{"Rebooted", "Node"}
)

func newLog(t *testing.T) *Log {
	t.Helper()
	return New(health.NewHealth("events", time.Now), []Kind{evicted, sandbox, reboot}, Phrases{sandbox: {"no address", "plugin"}})
}

type option func(*corev1.Event)

// happened is an event about a pod, sent by the kubelet of node n1.
func happened(uid string, k Kind, count int32, options ...option) *corev1.Event {
	e := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: uid, UID: types.UID(uid)},
		InvolvedObject: corev1.ObjectReference{Kind: k.Object, Name: "n7", UID: "pod-1"},
		Reason:         k.Reason, Count: count,
		LastTimestamp: metav1.NewTime(noon),
		Source:        corev1.EventSource{Component: "kubelet", Host: "n1"},
	}
	for _, o := range options {
		o(e)
	}
	return e
}

func at(t time.Time) option { return func(e *corev1.Event) { e.LastTimestamp = metav1.NewTime(t) } }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func total(t *testing.T, l *Log, k Kind) uint64 {
	t.Helper()
	totals, err := l.Totals()
	must(t, err)
	return totals[k]
}

func TestTotals(t *testing.T) {
	t.Parallel()
	type step struct {
		name string
		do   func(*Log) error
		want uint64
	}
	add := func(e *corev1.Event) func(*Log) error { return func(l *Log) error { return l.Add(e) } }
	list := func(events ...any) func(*Log) error {
		return func(l *Log) error { return l.Replace(events, "1") }
	}
	l := newLog(t)
	for _, s := range []step{
		{"what happened before is not counted", list(happened("a", evicted, 40)), 0},
		{"the same event grows", add(happened("a", evicted, 43)), 3},
		{"it is sent again unchanged", add(happened("a", evicted, 43)), 3},
		{"a new one", add(happened("b", evicted, 1)), 4},
		{"a new one that never says how often", add(happened("c", evicted, 0)), 5},
		{"another reason", add(happened("d", reboot, 9)), 5},
		{"a reason that was not asked for", add(happened("e", Kind{"Pulled", "Pod"}, 9)), 5},
		{"the same list again", list(happened("a", evicted, 43), happened("b", evicted, 1), happened("c", evicted, 0)), 5},
		{"one grew and one is new while the watch was broken", list(happened("a", evicted, 45), happened("f", evicted, 2)), 9},
		{"one expires", func(l *Log) error { return l.Delete(happened("a", evicted, 45)) }, 9},
		{"all expire", list(), 9},
		{"a count that falls", func(l *Log) error {
			return errors.Join(l.Add(happened("g", evicted, 5)), l.Add(happened("g", evicted, 2)))
		}, 14},
		{"a tombstone", func(l *Log) error {
			return l.Delete(cache.DeletedFinalStateUnknown{Obj: happened("g", evicted, 2)})
		}, 14},
	} {
		must(t, s.do(l))
		if got := total(t, l, evicted); got != s.want {
			t.Fatalf("%s: total %d, want %d", s.name, got, s.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	inSeries := func(e *corev1.Event) {
		e.Count, e.LastTimestamp = 0, metav1.Time{}
		e.EventTime = metav1.NewMicroTime(noon)
		e.Series = &corev1.EventSeries{Count: 7, LastObservedTime: metav1.NewMicroTime(noon.Add(time.Hour))}
	}
	byScheduler := func(e *corev1.Event) { e.Source = corev1.EventSource{Component: "default-scheduler"} }
	byName := func(e *corev1.Event) {
		e.Source, e.ReportingController, e.ReportingInstance = corev1.EventSource{}, "kubelet", "n2"
	}
	must(t, l.Replace([]any{
		happened("a", sandbox, 2),
		happened("b", sandbox, 3, at(noon.Add(time.Minute))),
		happened("c", sandbox, 1, byName),
		happened("d", reboot, 0, inSeries),
		happened("e", evicted, 1, byScheduler),
	}, "1"))
	got, err := l.Places()
	must(t, err)
	want := map[Place]Occurrence{
		{sandbox, "n1"}: {Count: 5, First: noon, Last: noon.Add(time.Minute)},
		{sandbox, "n2"}: {Count: 1, First: noon, Last: noon},
		{reboot, "n7"}:  {Count: 7, First: noon, Last: noon.Add(time.Hour)},
		{evicted, ""}:   {Count: 1, First: noon, Last: noon},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	of := func(object string) option {
		return func(e *corev1.Event) { e.InvolvedObject.UID = types.UID(object) }
	}
	must(t, l.Replace([]any{
		happened("a", sandbox, 1, of("one"), at(noon)),
		happened("b", evicted, 1, of("one"), at(noon.Add(time.Minute))),
		happened("c", evicted, 1, of("two"), at(noon)),
		happened("d", reboot, 1, of("two"), at(noon.Add(time.Minute))),
		happened("e", evicted, 1, of("")),
	}, "1"))
	got, err := l.Latest(sandbox, evicted)
	must(t, err)
	if diff := cmp.Diff(map[types.UID]Warning{"one": {Kind: evicted, Last: noon.Add(time.Minute)}, "two": {Kind: evicted, Last: noon}}, got); diff != "" {
		t.Errorf("latest (-want +got):\n%s", diff)
	}
}

// TestPhrases verifies that of a message only a known phrase is kept, also from where
// the list is in the making.
func TestPhrases(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	for message, want := range map[string]string{
		`plugin type="ptp" failed (add): No Address in 10.0.0.0/24`: "no address",
		`plugin type="ptp" failed (add)`:                            "plugin",
		"pod secret-project is unwell":                              "",
	} {
		obj, err := l.Transformer()(happened("a", sandbox, 1, func(e *corev1.Event) { e.InvolvedObject.UID, e.Message = "one", message }))
		must(t, err)
		if e, ok := obj.(*corev1.Event); !ok || e.Message != want {
			t.Errorf("of %q is kept %q, want %q", message, e.Message, want)
		}
		must(t, l.Replace([]any{obj}, "1"))
		got, err := l.Latest(sandbox)
		must(t, err)
		if got["one"].Phrase != want {
			t.Errorf("of %q is told %q, want %q", message, got["one"].Phrase, want)
		}
	}
	if got := l.phrases.In(evicted, "no address"); got != "" {
		t.Errorf("of an event of another kind is kept %q", got)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	h := health.NewHealth("events", time.Now)
	l := New(h, []Kind{evicted}, nil)
	unavailable := func(when string) {
		t.Helper()
		var unavailable *health.UnavailableError
		_, totals := l.Totals()
		_, places := l.Places()
		_, latest := l.Latest(evicted)
		for what, err := range map[string]error{"totals": totals, "places": places, "latest": latest} {
			if !errors.As(err, &unavailable) {
				t.Errorf("%s %s: %v, want an UnavailableError", what, when, err)
			}
		}
	}
	unavailable("before a list")
	must(t, l.Replace(nil, "1"))
	must(t, l.Bookmark("2"))
	if got := total(t, l, evicted); got != 0 {
		t.Errorf("total %d, want 0 at once", got)
	}
	h.Fail(errors.New("gone"))
	unavailable("after the watch broke")
	must(t, l.Replace(nil, "3"))
	if err := l.Add("text"); err == nil {
		t.Error("took a string for an event")
	}
	unavailable("after an object that it cannot read")
}

func TestTransformerKeepsWhatIsRead(t *testing.T) {
	t.Parallel()
	full := happened("a", evicted, 3, func(e *corev1.Event) {
		e.Message = fmt.Sprint("The node was low on resource: ", "memory")
		e.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet"}}
	})
	l, trimmed := newLog(t), newLog(t)
	obj, err := trimmed.Transformer()(full.DeepCopy())
	must(t, err)
	if e := obj.(*corev1.Event); e.Message != "" || e.ManagedFields != nil {
		t.Error("keeps what is never read")
	}
	must(t, l.Replace([]any{full}, "1"))
	must(t, trimmed.Replace([]any{obj}, "1"))
	want, err := l.Places()
	must(t, err)
	got, err := trimmed.Places()
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places of a trimmed event (-full +trimmed):\n%s", diff)
	}
}
