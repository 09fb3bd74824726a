package fakecluster

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// defaultWatch is how long a watch without a bound of its own lasts.
const defaultWatch = 30 * time.Minute

// serveWatch streams events. An error is returned only before the stream began.
func (c *Cluster) serveWatch(w http.ResponseWriter, r *http.Request, t *table, o *internalversion.ListOptions, s selection) error {
	initial, revision, err := c.watchFrom(t, o)
	if err != nil {
		return err
	}
	info, err := c.codecs.negotiate(r, t.resource.Typed())
	if err != nil {
		return err
	}
	whole := o.SendInitialEvents != nil && *o.SendInitialEvents
	out := newEventWriter(w, info, c.codecs.gzips, whole && acceptsGzip(r))
	timeout := defaultWatch
	if o.TimeoutSeconds != nil && *o.TimeoutSeconds > 0 {
		timeout = time.Duration(*o.TimeoutSeconds) * time.Second
	}
	f := &follower{cluster: c, table: t, selection: s, out: out, revision: revision, bookmarks: o.AllowWatchBookmarks}
	// No client is left to tell of an error: the client went away, or was told.
	if f.begin(initial, whole) == nil {
		f.follow(r, timeout)
	}
	return nil
}

// watchFrom returns the objects that a watch begins with and the revision whose
// events come next.
func (c *Cluster) watchFrom(t *table, o *internalversion.ListOptions) ([]*entry, uint64, error) {
	anyVersion := o.ResourceVersion == "" || o.ResourceVersion == "0"
	if o.SendInitialEvents != nil && *o.SendInitialEvents {
		if !anyVersion {
			if _, err := c.reached(o.ResourceVersion); err != nil {
				return nil, 0, err
			}
		}
		objects, revision := c.store.now(t)
		return objects, revision, nil
	}
	if !anyVersion {
		// A version in the future is accepted and waited for, as API servers do.
		revision, err := parseRevision(o.ResourceVersion)
		return nil, revision, err
	}
	objects, revision := c.store.now(t)
	if o.SendInitialEvents != nil {
		return nil, revision, nil
	}
	return objects, revision, nil
}

// follower serves one watch.
type follower struct {
	cluster   *Cluster
	table     *table
	selection selection
	out       *eventWriter
	revision  uint64
	bookmarks bool
}

func (f *follower) begin(initial []*entry, whole bool) error {
	for _, e := range initial {
		if !f.selection.matches(e) {
			continue
		}
		if err := f.out.send(watch.Added, e.object); err != nil {
			return err
		}
	}
	if whole && f.bookmarks {
		if err := f.bookmark(map[string]string{metav1.InitialEventsAnnotationKey: "true"}); err != nil {
			return err
		}
	}
	return f.out.flush()
}

// follow sends events until the watch or the server ends.
func (f *follower) follow(r *http.Request, timeout time.Duration) {
	end := time.NewTimer(timeout)
	defer end.Stop()
	bookmark := time.NewTicker(f.cluster.options.BookmarkInterval)
	defer bookmark.Stop()
	// As an API server does: what is known when the watch is about to end.
	last := time.NewTimer(max(timeout-2*time.Second, 0))
	defer last.Stop()
	for {
		more, err := f.catchUp()
		if err != nil {
			return
		}
		select {
		case <-more:
		case <-bookmark.C:
			if f.mark() != nil {
				return
			}
		case <-last.C:
			if f.mark() != nil {
				return
			}
		case <-end.C:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// catchUp sends what happened since, and tells the client of an error. From then on the
// watch is at the present revision, as that of an API server whose etcd tells of
// progress; one that waits for the future still does.
func (f *follower) catchUp() (more <-chan struct{}, err error) {
	changes, present, more, err := f.cluster.store.since(f.table, f.revision)
	if err != nil {
		_ = f.out.send(watch.Error, statusOf(err))
		_ = f.out.flush()
		return nil, err
	}
	if err := f.deliver(changes); err != nil {
		return nil, err
	}
	f.revision = max(f.revision, present)
	return more, nil
}

// mark sends a bookmark to those who want them.
func (f *follower) mark() error {
	if !f.bookmarks {
		return nil
	}
	if _, err := f.catchUp(); err != nil {
		return err
	}
	if err := f.bookmark(nil); err != nil {
		return err
	}
	return f.out.flush()
}

func (f *follower) deliver(changes []change) error {
	for _, c := range changes {
		f.revision = c.revision
		kind, selected := f.kindOf(c)
		if !selected {
			continue
		}
		if err := f.out.send(kind, c.now.object); err != nil {
			return err
		}
	}
	return f.out.flush()
}

// kindOf is the event that a change is to this watch: an object that no longer
// matches the selectors is deleted to it.
func (f *follower) kindOf(c change) (watch.EventType, bool) {
	before := f.selection.matches(c.before)
	now := !c.gone && f.selection.matches(c.now)
	switch {
	case before && now:
		return watch.Modified, true
	case before:
		return watch.Deleted, true
	case now:
		return watch.Added, true
	}
	return "", false
}

func (f *follower) bookmark(annotations map[string]string) error {
	obj, err := f.table.resource.NewObject()
	if err != nil {
		return err
	}
	m, err := meta.Accessor(obj)
	if err != nil {
		return fmt.Errorf("metadata of a bookmark: %w", err)
	}
	m.SetResourceVersion(strconv.FormatUint(f.revision, 10))
	m.SetAnnotations(annotations)
	return f.out.send(watch.Bookmark, obj)
}
