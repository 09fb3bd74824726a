package bounded

import (
	"fmt"
	"hash/maphash"
)

const (
	// mostPages is of pages of 500 objects some thirteen times what Kubernetes is tested
	// with, 150,000 pods.
	mostPages = 4000
	// ListHeld bounds what is kept of a list, in bytes of memory. Those of 15,000 nodes take
	// 120 MB.
	ListHeld = 256 << 20
)

// ErrList is the *Error of a list of which more would be kept than may.
func ErrList() error { return &Error{"a list is larger than " + Size(ListHeld) + " in memory"} }

// Pages bounds a list that comes in pages: each says where the next begins, and who
// answers may say so for ever. The zero value is before the first page.
type Pages struct {
	count int
	held  int64
	seed  maphash.Seed
	seen  map[uint64]bool
}

// Next takes a page into account that was asked for by a token, empty for the first, and
// names another for the next, which the last one does not. Of it, so many bytes of memory
// are kept. The error is an *Error.
func (p *Pages) Next(asked, next string, held int64) error {
	if asked == "" {
		*p = Pages{seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	}
	p.count++
	p.held += held
	if next == "" {
		return nil
	}
	token := maphash.String(p.seed, next)
	switch {
	case p.seen[token]:
		return &Error{fmt.Sprintf("a list does not end: after %d pages comes one that was there before", p.count)}
	case p.count >= mostPages:
		return &Error{fmt.Sprintf("a list has more than %d pages", mostPages)}
	case p.held > ListHeld:
		return ErrList()
	}
	p.seen[token] = true
	return nil
}
