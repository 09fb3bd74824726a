package bounded

import (
	"fmt"
	"hash/maphash"
)

const (
	// mostPages is of pages of 500 objects some thirteen times what Kubernetes is tested
	// with, 150,000 pods.
	mostPages = 4000
	// mostOfPages bounds what the pages of a list that is held have together, in bytes. It
	// is what one answer may have that holds a list.
	mostOfPages = 512 << 20
)

// Pages bounds a list that comes in pages: each says where the next begins, and who
// answers may say so for ever. The zero value is before the first page.
type Pages struct {
	count int
	bytes int64
	seed  maphash.Seed
	seen  map[uint64]bool
}

// Next takes a page into account that was asked for by a token, empty for the first, and
// names another for the next, which the last one does not. It is of so many bytes, or of
// none if it is not held. The error is an *Error.
func (p *Pages) Next(asked, next string, bytes int64) error {
	if asked == "" {
		*p = Pages{seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	}
	p.count++
	p.bytes += bytes
	if next == "" {
		return nil
	}
	token := maphash.String(p.seed, next)
	switch {
	case p.seen[token]:
		return &Error{fmt.Sprintf("a list does not end: after %d pages comes one that was there before", p.count)}
	case p.count >= mostPages:
		return &Error{fmt.Sprintf("a list has more than %d pages", mostPages)}
	case p.bytes > mostOfPages:
		return &Error{"a list is larger than " + Size(mostOfPages)}
	}
	p.seen[token] = true
	return nil
}
