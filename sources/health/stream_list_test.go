package health

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
)

// TestTheEndOfAListIsDue verifies on virtual time how long a list that streams may take:
// as long as it brings objects, and not as long as the cluster changes.
func TestTheEndOfAListIsDue(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kind apiwatch.EventType
		ends bool // whether the bookmark comes after a minute
		want time.Duration
		good bool
	}{
		"slow and whole":       {kind: apiwatch.Added, ends: true, want: time.Minute + tail, good: true},
		"changes and no end":   {kind: apiwatch.Modified, want: 2*time.Second + listPause + time.Millisecond},
		"removals and no end":  {kind: apiwatch.Deleted, want: 2*time.Second + listPause + time.Millisecond},
		"objects and then not": {kind: apiwatch.Added, want: 58*time.Second + listPause + 30*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun, events := time.Now(), make(chan apiwatch.Event)
				h := NewHealth("nodes", time.Now)
				s := newStream(t.Context(), apiwatch.NewProxyWatcher(events), Target{Health: h, Expected: &corev1.Node{}}, &past{},
					watchRequest{options: metav1.ListOptions{SendInitialEvents: new(true)}, attempt: newAttempt(h.Fail)})
				send := func(kind apiwatch.EventType, annotations map[string]string) {
					obj := node("a")
					obj.Annotations = annotations
					select {
					case events <- apiwatch.Event{Type: kind, Object: obj}:
					case <-s.stopped:
					case <-time.After(time.Second):
					}
				}
				go func() {
					time.Sleep(2 * time.Second)
					send(apiwatch.Added, nil)
					for time.Since(begun) < time.Minute {
						send(tt.kind, nil)
						time.Sleep(2 * time.Second)
					}
					if tt.ends {
						send(apiwatch.Bookmark, map[string]string{metav1.InitialEventsAnnotationKey: "true"})
					}
				}()
				for range s.ResultChan() {
				}
				if took := time.Since(begun); took < tt.want-time.Second || took > tt.want+time.Second {
					t.Errorf("ended after %s, want %s", took, tt.want)
				}
				if told := h.State().Reason == Timeout; told == tt.good {
					t.Errorf("reason %s", h.State().Reason)
				}
				s.Stop()
				time.Sleep(2 * time.Minute) // until all that sends is gone
			})
		})
	}
}

// TestAListWithoutAnEnd verifies that a list is given up that comes in page after page,
// by what the pages say or by how large they are, and that the source tells why.
func TestAListWithoutAnEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		token func(page int64) string
		held  int64
		pages int64 // for each list
		says  string
	}{
		"one page again and again": {func(int64) string { return "more" }, 0, 2, "does not end"},
		"always another page":      {func(page int64) string { return strconv.FormatInt(page, 10) }, 64 << 20, 5, "larger than 256 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var pages, lists atomic.Int64
				s := &cachedServer{begun: time.Now()}
				lw := s.listWatch()
				lw.ListWithContextFunc = func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
					if o.Continue == "" {
						lists.Add(1)
					}
					Holds(ctx, tt.held)
					if pages.Load() > 10_000 {
						<-ctx.Done() // nothing bounds it
						return nil, ctx.Err()
					}
					return &corev1.NodeList{ListMeta: metav1.ListMeta{ResourceVersion: "7", Continue: tt.token(pages.Add(1))}}, nil
				}
				h := NewHealth("nodes", time.Now)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan bool)
				go func() {
					defer close(done)
					Run(ctx, slog.New(slog.DiscardHandler), Target{Health: h, ListWatch: lw, Expected: &corev1.Node{}, Store: NewView(h, Trim[*corev1.Node])})
				}()
				time.Sleep(time.Minute)
				cancel()
				<-done
				if err := h.Err(); h.State().Reason != Invalid || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v, want %q", err, tt.says)
				}
				if pages.Load() > tt.pages*lists.Load() || lists.Load() > 60 {
					t.Errorf("%d pages in %d lists", pages.Load(), lists.Load())
				}
			})
		})
	}
}

// TestAWatchOfAnotherKind verifies that objects of another kind, bookmarks among them,
// prove nothing: reflectors leave them out.
func TestAWatchOfAnotherKind(t *testing.T) {
	t.Parallel()
	for _, kind := range []apiwatch.EventType{apiwatch.Added, apiwatch.Modified, apiwatch.Bookmark} {
		synctest.Test(t, func(t *testing.T) {
			events := make(chan apiwatch.Event, 1)
			h := NewHealth("nodes", time.Now)
			h.Succeed()
			s := newStream(t.Context(), apiwatch.NewProxyWatcher(events), Target{Health: h, Expected: &corev1.Node{}}, &past{},
				watchRequest{attempt: newAttempt(h.Fail), lasts: watchFor})
			events <- apiwatch.Event{Type: kind, Object: &corev1.PodTemplate{}}
			if e, open := <-s.ResultChan(); open && e.Type != apiwatch.Error {
				t.Errorf("%s passes on %T", kind, e.Object)
			}
			if reason := h.State().Reason; reason == Available {
				t.Errorf("%s of another kind leaves the source available", kind)
			}
			s.Stop()
		})
	}
}
