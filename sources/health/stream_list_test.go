package health

import (
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
				s := newStream(apiwatch.NewProxyWatcher(events), h, newAttempt(h.Fail), 0, &past{}, true)
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
