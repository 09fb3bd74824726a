package health

import (
	"sync"
	"time"
)

// maxDoubts is how often in a row a list is asked for because no bookmark came. An
// API server that has just started may send none of a quiet resource for a while.
const maxDoubts = 2

// past is what the earlier watches of one source were like. They follow one another,
// but the end of one may overlap the beginning of the next.
type past struct {
	mu sync.Mutex
	// wasCut is whether the last watch ended before its time.
	wasCut bool
	// marks is whether watches bring bookmarks.
	marks  bool
	doubts int
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
	p.marks, p.doubts = true, 0
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
