package health

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// maxDoubts is how often in a row a list is asked for because no bookmark came. An
// API server that has just started may send none of a quiet resource for a while.
const maxDoubts = 2

// enoughBare is after how many watches in a row that ended when they should, with events
// and no bookmark, the API server is taken to have no cache. One that has a cache sends one before
// each such end, but for some while after its start.
const enoughBare = 4

// cached stands in the place of that number once a bookmark came.
const cached = -1

// mistrust is for how long watches that were cut are not resumed after the versions
// went back, as etcd was restored or an API server of an older one took over: whoever
// answers next may have another history, of which a version of this one says nothing.
const mistrust = time.Hour

// past is what the earlier watches of one source were like. They follow one another,
// but the end of one may overlap the beginning of the next.
type past struct {
	mu sync.Mutex
	// wasCut is whether the last watch ended before its time.
	wasCut bool
	// marks is whether watches bring bookmarks.
	marks  bool
	doubts int
	// uncached is whether watches never do, as those of a resource without a cache, and
	// bare how many did not so far, while none ever did.
	uncached bool
	bare     int
	// listedOnce is whether there was a whole list.
	listedOnce bool
	// newest is the highest version seen, and rewound when a list had a lower one.
	newest  string
	rewound time.Time
	// progress learns of versions that are new; it may be nil.
	progress *Progress
	// horizon is how far watches have to come.
	horizon horizon
	// pages are those of the list that is being read; reflectors read one at a time.
	pages bounded.Pages
}

// Progress is when any of several watches last brought a version that was new. Its
// zero value is ready for use, and safe for concurrent use.
type Progress struct{ last atomic.Pointer[time.Time] }

// Last returns that time; zero if there was none.
func (p *Progress) Last() time.Time {
	if last := p.last.Load(); last != nil {
		return *last
	}
	return time.Time{}
}

func (p *Progress) moved() {
	if p != nil {
		p.last.Store(new(time.Now()))
	}
}

// lasts is how long the next watch is asked for.
func (p *past) lasts(good bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	short := p.wasCut || !good
	p.wasCut = false
	if short {
		return proveFor
	}
	return watchFor
}

// cut records that a watch ended before its time.
func (p *past) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wasCut = true
}

// bookmark records that watches bring bookmarks.
func (p *past) bookmark() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks, p.doubts, p.bare = true, 0, cached
}

// unmarked records that a watch has come to its end with some event and no bookmark.
func (p *past) unmarked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bare != cached && p.bare < enoughBare {
		p.bare++
	}
}

// direct tells whether a watch is one of etcd itself, and no cache could stand still behind
// it: of the resource there is none, or the API server has none at all
// (--watch-cache=false). The latter is only what it looks like, so that a watch has to
// bring some event: one that is muted by whatever is in between would look the same.
func (p *past) direct(some bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.uncached || p.bare == enoughBare && some
}

// doubtful tells whether a watch that ended in time proves nothing: others brought
// bookmarks, and it brought nothing at all. So does one that resumes from a version
// which the API server has not reached, because its etcd went back to an earlier
// state: it waits for what may never come.
func (p *past) doubtful(proof bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if proof || !p.marks {
		return false
	}
	if p.doubts++; p.doubts > maxDoubts {
		p.marks, p.doubts = false, 0
	}
	return p.marks
}

// saw records a version that an event of a watch had.
func (p *past) saw(version string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if older, known := p.older(version); known && !older {
		p.takes(version)
	}
}

// options are those of a list, or of a watch that begins with one. The first list may be
// of whatever version there is. Reflectors ask later ones not to be older than what they
// know, which a cache that stands still has, too; but they list again only where watches
// brought too little, and then what counts is what there is now.
func (p *past) options(o metav1.ListOptions) metav1.ListOptions {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.listedOnce {
		return o
	}
	o.ResourceVersion = ""
	if o.SendInitialEvents == nil {
		o.ResourceVersionMatch = ""
	}
	return o
}

// page takes in a list for these options, which may be one page of many.
func (p *past) page(ctx context.Context, o metav1.ListOptions, list runtime.Object, held int64) error {
	next := continueOf(list)
	if err := p.pages.Next(o.Continue, next, held); err != nil {
		return err
	}
	if next != "" {
		return nil
	}
	return p.whole(ctx, o, versionOf(list))
}

// whole takes in that a list for these options has come to its end, unless its version
// cannot be.
func (p *past) whole(ctx context.Context, o metav1.ListOptions, version string) error {
	if err := p.horizon.listed(ctx, o, version, p.seen()); err != nil {
		return err
	}
	p.listed(version)
	return nil
}

// seen is the highest version seen.
func (p *past) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest
}

// ask asks for the version that the resource has now. It tells whether that is older than
// what was seen before.
func (p *past) ask(ctx context.Context) (back bool) { return p.horizon.ask(ctx, p.seen()) }

// listed records the version of a whole list.
func (p *past) listed(version string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listedOnce = true
	older, known := p.older(version)
	if !known {
		return
	}
	if older {
		p.rewound = time.Now()
	}
	p.takes(version)
}

// takes makes a version the newest, with the lock held.
func (p *past) takes(version string) {
	if version != p.newest {
		p.progress.moved()
	}
	p.newest = version
}

// older compares a version with the newest, with the lock held.
func (p *past) older(version string) (older, known bool) {
	if p.newest == "" {
		return false, version != ""
	}
	order, err := resourceversion.CompareResourceVersion(version, p.newest)
	return order < 0, err == nil
}

// foreign tells whether the next watch must begin with a list, because the last was
// cut and who answers next may not know the version with which it would resume.
func (p *past) foreign() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wasCut || p.rewound.IsZero() || time.Since(p.rewound) > mistrust {
		return false
	}
	p.wasCut = false
	return true
}
