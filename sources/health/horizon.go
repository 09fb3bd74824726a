package health

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/kubevitals/kubevitals/sources/bounded"
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
	// listAfter is the age of the last proof from which on a watch that proves nothing
	// makes for a list of the latest version. It is less than what a long watch takes to
	// its bookmark, so that the list has five seconds before MaxAge, after up to 4.5 s in
	// which the reflector waits where it lists often.
	listAfter = 14 * time.Second
	// leap is how much further than usual a bookmark must be to be asked about.
	leap = 100
	// mostWrites is more than any etcd commits in a second: it does some ten thousand.
	mostWrites = 100_000
	// mostTime is more than versions that are times grow by in a second: those of
	// CockroachDB do by 3,276,800,000, and nanoseconds by a third of that.
	mostTime = 10_000_000_000
)

// horizon is how far watches of one source have to come, and can have come: to the
// version that the resource had when it was last asked for, or listed.
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
	// asked is whether the version is an answer, and not that of a list.
	asked bool
	// step is by how much that was more than the version before.
	step uint64
}

// BehindError says that a list is of an earlier version than the resource had before.
type BehindError struct{ Has, Had string }

func (e *BehindError) Error() string {
	return fmt.Sprintf("a list is of version %s, and the resource was at %s before", e.Has, e.Had)
}

// Reason says what the error means.
func (*BehindError) Reason() Reason { return Stale }

// BeyondError says that something is of a version to which the resource cannot have come.
// What would resume from there would wait for it, and see nothing until then.
type BeyondError struct{ Has, Had string }

func (e *BeyondError) Error() string {
	return fmt.Sprintf("something is of version %s, and the resource was at %s a moment ago", e.Has, e.Had)
}

// Reason says what the error means.
func (*BeyondError) Reason() Reason { return Invalid }

// ask takes the version of now for the horizon, if there is an answer in time. It tells
// whether that is older than the version that was seen before.
func (h *horizon) ask(ctx context.Context, seen string) (back bool) {
	version, err := h.now(ctx)
	if err != nil {
		return false
	}
	h.set(version, true)
	return older(version, seen)
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

func (h *horizon) set(version string, asked bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, err := strconv.ParseUint(version, 10, 64)
	had, unknown := strconv.ParseUint(h.version, 10, 64)
	if h.step = 0; err == nil && unknown == nil && now > had {
		h.step = now - had
	}
	h.version, h.since, h.asked = version, time.Now(), asked
}

func (h *horizon) had() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.version
}

// behind tells whether what comes now should be of a later version.
func (h *horizon) behind(version string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return older(version, h.version) && time.Since(h.since) >= settle
}

// beyond is an error if the resource cannot have come to a version yet: if no store comes
// to it, or none so soon.
func (h *horizon) beyond(version string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, err := strconv.ParseUint(version, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return nil // not of etcd, and not compared
	}
	had, unknown := strconv.ParseUint(h.version, 10, 64)
	written := uint64((time.Since(h.since)+10*time.Second)/time.Second) * mostWrites
	if bounded.Timed(had) {
		written *= mostTime / mostWrites
	}
	if err != nil || !bounded.Revision(now) || unknown == nil && now > had+written {
		return &BeyondError{Has: version, Had: h.version}
	}
	return nil
}

// leaps tells whether a version is further from the one that the resource had than that
// one was from the one before. It may be one to which the resource has not come. Versions
// that are times leap always.
func (h *horizon) leaps(version string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, err := strconv.ParseUint(version, 10, 64)
	had, unknown := strconv.ParseUint(h.version, 10, 64)
	return h.latest != nil && err == nil && unknown == nil && !bounded.Timed(had) && now > had+h.step+leap
}

// ahead is an error if the resource has not come to the version of a bookmark yet. It
// asks, where that is in doubt; and if there is no answer, what may be is taken.
func (h *horizon) ahead(ctx context.Context, bookmark string) error {
	if err := h.beyond(bookmark); err != nil || !h.leaps(bookmark) {
		return err
	}
	if h.ask(ctx, bookmark) {
		return &BeyondError{Has: bookmark, Had: h.had()}
	}
	return nil
}

// vouches tells whether a bookmark proves that nothing was missed, of a watch that had
// come to some version before, and was asked for at some time. One that has moved on
// does. One that has not, which is also what a cache that stands still sends, does once
// the resource is known to be no further.
func (h *horizon) vouches(bookmark, reached string, asked time.Time) bool {
	return h.latest == nil || older(reached, bookmark) || h.met(bookmark, asked)
}

// met tells whether a watch that was asked for at some time has come to where the
// resource is known to have been since. While the question is open, or has failed, it
// is not known.
func (h *horizon) met(reached string, asked time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	order, err := resourceversion.CompareResourceVersion(reached, h.version)
	return err == nil && order >= 0 && h.asked && !h.since.Before(asked)
}

// listed is an error if a whole list for these options, with this version, is older than
// it must be, or of a time to come. What was seen before decides, unless etcd itself went
// back since, or was restored with higher versions.
func (h *horizon) listed(ctx context.Context, o metav1.ListOptions, version, seen string) error {
	if h.latest == nil || o.ResourceVersion != "" {
		return nil
	}
	had := h.had()
	if older(had, seen) {
		had = seen
	}
	strange := older(version, had) || h.beyond(version) != nil
	if !strange && !h.leaps(version) {
		h.set(version, false)
		return nil
	}
	now, err := h.now(ctx)
	if err != nil {
		if strange {
			return fmt.Errorf("version of a resource whose list is of another time: %w", err)
		}
		now = version // it may be
	}
	h.set(now, err == nil)
	switch {
	case older(version, had) && !older(now, had):
		return &BehindError{Has: version, Had: had}
	case older(now, version):
		return &BeyondError{Has: version, Had: now}
	}
	return nil
}

// older tells whether both versions are known, and the first is the older one.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}
