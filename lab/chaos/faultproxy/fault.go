package faultproxy

import (
	"crypto/tls"
	"net/http"
	"slices"
)

// Accept says what becomes of a new connection.
type Accept int

// What can become of a new connection.
const (
	AcceptAndServe Accept = iota
	AcceptAndClose        // FIN, as from a load balancer without a backend
	AcceptAndReset        // RST
	Refuse                // nothing listens
)

// Flow says what becomes of the bytes of a connection.
type Flow int

// What can become of bytes.
const (
	Flowing Flow = iota
	Frozen       // they stop, and go on once the fault is healed
	Lost         // they are swallowed in both directions, for ever: the connection is half-open
	Trickle      // one byte a second goes to the client
)

// Which says which connections and streams a fault befalls.
type Which int

// Every one, those that were there when the fault began, or those made since.
const (
	Every Which = iota
	Existing
	New
)

// has tells whether one that began at that time belongs to them, of a fault that
// was switched on at the other. Times are numbers that only grow.
func (w Which) has(began, switchedOn uint64) bool {
	switch w {
	case Existing:
		return began < switchedOn
	case New:
		return began > switchedOn
	}
	return true
}

// Cut says what is done to the existing connections at the moment at which a
// fault is switched on. A fault of new connections is not met otherwise.
type Cut int

// What can be done to existing connections.
const (
	Keep Cut = iota
	CloseAll
	ResetAll
)

// Fault is one way for the path to a server to go wrong. The zero value does
// nothing; each field says one thing that is wrong.
type Fault struct {
	Name string

	// Accept is of new connections.
	Accept Accept
	Cut    Cut

	// Flow is of the bytes of the connections that Connections names, once
	// AfterBytes went to the client: a few stop it in the midst of the handshake.
	Flow        Flow
	Connections Which
	AfterBytes  int64

	// Certificate is shown in place of the server's own.
	Certificate *tls.Certificate

	// Requests are those that the following befalls; none means all.
	Requests []Kind
	// Hold keeps requests waiting until the fault is healed.
	Hold bool
	// Respond answers in place of the server.
	Respond http.HandlerFunc
	// GoAway tells the client with every response to use another connection.
	GoAway bool
	// Whole changes the whole body of an answer that is not a watch.
	Whole func(contentType string, body []byte) []byte
	// Event decides about each event of a watch.
	Event func(Event) Passage
	// Streams are the watches that Event befalls.
	Streams Which
}

func (f *Fault) befalls(k Kind) bool {
	return len(f.Requests) == 0 || slices.Contains(f.Requests, k)
}

// Kind is what a request to the API server asks for.
type Kind string

// The kinds. A watch that begins with a list is none that resumes.
const (
	List      Kind = "list"
	WatchList Kind = "watch-list"
	Watch     Kind = "watch"
	Other     Kind = "other"
)

// Watches are both kinds of watches.
func Watches() []Kind { return []Kind{WatchList, Watch} }

// KindOf tells what a request asks for.
func KindOf(r *http.Request) Kind {
	query := r.URL.Query()
	if v := query.Get("watch"); v == "true" || v == "1" {
		if query.Get("sendInitialEvents") == "true" {
			return WatchList
		}
		return Watch
	}
	if r.Method == http.MethodGet && collection(r.URL.Path) {
		return List
	}
	return Other
}
