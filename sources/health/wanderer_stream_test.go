package health

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiwatch "k8s.io/apimachinery/pkg/watch"
)

// stream is the life of one watch. It returns how its body ended.
func (w *wanderer) stream(ctx context.Context, o metav1.ListOptions, out chan<- apiwatch.Event) error {
	begun, marked, dead := time.Now(), false, false
	lasts := time.Duration(*o.TimeoutSeconds) * time.Second
	from, err := strconv.Atoi(o.ResourceVersion)
	if err != nil {
		from = 0
	}
	listing := o.SendInitialEvents != nil
	_, born, _, _ := w.state()
	send := func(e apiwatch.Event) {
		if now, _, _, _ := w.state(); now == late {
			sleep(ctx, 4*time.Second)
		}
		select {
		case out <- e:
		case <-ctx.Done():
		}
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		now, epoch, version, _ := w.state()
		if !listing || o.ResourceVersion != "" {
			version = w.cached()
		}
		dead = dead || now == frozenOld && epoch > born
		switch {
		case now == frozen, dead:
		case now == standingSilent && !listing && time.Since(begun) < lasts:
		case now == closedAtOnce, now == standingCut && !listing, now == closedEarly && time.Since(begun) > 3*time.Second:
			return errors.New("connection reset")
		case listing:
			send(apiwatch.Event{Type: apiwatch.Added, Object: objectAt(version)})
			if now == listsUnending {
				return w.unending(ctx)
			}
			end := objectAt(version)
			end.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
			send(apiwatch.Event{Type: apiwatch.Bookmark, Object: end})
			listing, from = false, version
		case version > from:
			if now == late {
				version = from + 1
			}
			send(apiwatch.Event{Type: apiwatch.Modified, Object: objectAt(version)})
			if now == disordered {
				send(apiwatch.Event{Type: apiwatch.Modified, Object: objectAt(version - 1)})
			}
			from = version
		case time.Since(begun) >= lasts, now == standingShort && marked:
			return io.EOF
		case (time.Since(begun) >= lasts-2*time.Second || now == standingShort && time.Since(begun) >= time.Second) && !marked && now != noBookmarks:
			from += now.leap()
			send(apiwatch.Event{Type: apiwatch.Bookmark, Object: objectAt(from)})
			marked = true
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return ctx.Err()
}

// leap is by how much a bookmark is ahead of what was sent.
func (f fault) leap() int {
	switch f {
	case farAhead:
		return 1 << 50
	case ahead:
		return 1000
	}
	return 0
}

// unending waits for the client to give up: what was left out does not come later.
func (*wanderer) unending(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
