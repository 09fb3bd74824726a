package health

import (
	"fmt"
	"mime"
	"net/http"
	"time"
)

// ForeignError is an answer that does not come from who was asked, at the time at which
// it was: a cache or a page of a proxy may answer in the place of a server that is gone.
type ForeignError struct {
	reason Reason
	what   string
}

func (e *ForeignError) Error() string { return e.what }

// Reason says what the answer means.
func (e *ForeignError) Reason() Reason { return e.reason }

// Foreign is an answer that the one who was asked does not give.
func Foreign(what string) error { return &ForeignError{Invalid, what} }

// Own takes the header of an answer to a program, and returns a *ForeignError if it is
// one of a cache, or a page for people to read.
func Own(header http.Header) error {
	if age := header.Get("Age"); age != "" && age != "0" {
		return &ForeignError{Stale, fmt.Sprintf("a cache has answered: Age: %.20q", age)}
	}
	if kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")); kind == "text/html" {
		return Foreign("the answer is a page in HTML")
	}
	return nil
}

// Framed returns a *ForeignError if an answer does not say where its body ends, so that one
// which breaks off looks whole. All servers of Kubernetes are programs in Go, which tell
// the length over HTTP/1.1, or send chunks. Of a packed body the end is within.
func Framed(response *http.Response) error {
	if response.ProtoMajor == 1 && response.ContentLength < 0 && len(response.TransferEncoding) == 0 && !response.Uncompressed {
		return Foreign("the answer does not say where it ends")
	}
	return nil
}

// Dated tells answers to the same question from one that is given again and again, as by
// a cache which hides that it is one, by when each says to have been given. The zero value
// is before the first answer. It is not safe for concurrent use.
type Dated struct {
	date, at time.Time
}

// betweenDates is the time in which two answers may have the same date, which is in seconds.
const betweenDates = 2 * time.Second

// Next takes the header of an answer that came now. It returns a *ForeignError if that
// names no date, as each server that has a clock must, or the same as the answer
// before. An earlier date is that of another clock: behind one address may be several
// servers, and a clock may be set.
func (d *Dated) Next(header http.Header, now time.Time) error {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return Foreign("the answer does not say when it was given")
	}
	switch {
	case d.at.IsZero() || !date.Equal(d.date):
		*d = Dated{date, now}
	case now.Sub(d.at) >= betweenDates:
		return &ForeignError{Stale, "an old answer comes again: Date: " + date.UTC().Format(http.TimeFormat)}
	}
	return nil
}
