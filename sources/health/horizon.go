package health

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

const (
	// askBefore is how long before a watch ends the version is asked for that its last
	// bookmark, 2 s before the end, must have come to. An API server whose cache is
	// behind waits for it for 3 s before it asks etcd.
	askBefore = 8 * time.Second
	// askFor bounds that question. It is less than what makes the wire give up
	// connections: the watches on them may be well.
	askFor = 5 * time.Second
	// settle is how much later than the answer a bookmark must have been sent, at the
	// least: API servers send the version of up to a second ago.
	settle = 1500 * time.Millisecond
	// listAfter is the age of the last proof from which on a bookmark that proves nothing
	// makes for a list of the latest version. It leaves time for one more question, of a
	// short watch, and for that list before MaxAge.
	listAfter = 18 * time.Second
)

// horizon is how far watches of one source have to come: to the version that the
// resource had when it was last asked for.
//
// A watch whose bookmarks do not come that far may have missed something, as that of an
// API server whose cache has stopped to follow etcd, or be of one that does not tell the
// progress of a resource in which nothing changes: a consistent read makes API servers
// do so since Kubernetes 1.31, and etcd by itself, every 5 s where kubeadm made it and
// every 10 min by default. Nothing tells the two apart, but a list at the latest version
// is right for both. It costs little, as what does not change is small: each node alone
// is written every 5 minutes.
type horizon struct {
	// latest asks for the version that the resource has now. It may be nil.
	latest func(context.Context) (string, error)

	mu      sync.Mutex
	version string
	since   time.Time
	// relist is whether the next list must be of the latest version: reflectors ask for
	// one that is not older than what they know, which a cache that stands still has.
	relist bool
}

// BehindError says that a list is of an earlier version than the resource had before.
type BehindError struct{ Has, Had string }

func (e *BehindError) Error() string {
	return fmt.Sprintf("a list is of version %s, and the resource was at %s before", e.Has, e.Had)
}

// Reason says what the error means.
func (*BehindError) Reason() Reason { return Stale }

// ask takes the version of now for the horizon, if there is an answer in time.
func (h *horizon) ask(ctx context.Context) {
	if version, err := h.now(ctx); err == nil {
		h.set(version)
	}
}

func (h *horizon) now(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	version, err := h.latest(ctx)
	if err == nil && !known(version) {
		err = errors.New("a list has no version")
	}
	return version, err
}

func (h *horizon) set(version string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.version, h.since = version, time.Now()
}

// missed tells whether a bookmark of now should have come further, and makes the next
// list one of the latest version then.
func (h *horizon) missed(bookmark string) bool {
	if !h.behind(bookmark) {
		return false
	}
	h.lost()
	return true
}

// behind tells whether what comes now should be of a later version.
func (h *horizon) behind(version string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return older(version, h.version) && time.Since(h.since) >= settle
}

// vouches tells whether a bookmark proves that nothing was missed, of a watch that had
// come to some version before, and was asked for at some time. One that has moved on
// does. One that has not, which is also what a cache that stands still sends, does once
// the resource is known to be no further: while the question is open, or has failed, it
// says nothing.
func (h *horizon) vouches(bookmark, reached string, asked time.Time) bool {
	if h.latest == nil {
		return true
	}
	if order, err := resourceversion.CompareResourceVersion(bookmark, reached); err != nil || order > 0 {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.since.Before(asked) && !older(bookmark, h.version) {
		return true
	}
	h.relist = true
	return false
}

// lost makes the next list one of the latest version: it is not known any more how far
// the last watch came.
func (h *horizon) lost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.relist = true
}

// options are those of a list, or of a watch that begins with one.
func (h *horizon) options(o metav1.ListOptions) metav1.ListOptions {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.relist {
		return o
	}
	o.ResourceVersion = ""
	if o.SendInitialEvents == nil {
		o.ResourceVersionMatch = ""
	}
	return o
}

// listed is an error if a whole list for these options, with this version, is older than
// it must be. What the resource had before decides, unless etcd itself went back since.
func (h *horizon) listed(ctx context.Context, o metav1.ListOptions, version string) error {
	h.mu.Lock()
	had := h.version
	h.mu.Unlock()
	if o.ResourceVersion == "" && older(version, had) {
		now, err := h.now(ctx)
		if err != nil {
			return fmt.Errorf("version of a resource whose list is old: %w", err)
		}
		if !older(now, had) {
			return &BehindError{Has: version, Had: had}
		}
		h.set(now)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.relist = h.relist && o.ResourceVersion != ""
	return nil
}

// older tells whether both versions are known, and the first is the older one.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}
