package events

import "strings"

// Whoever may create workloads can have any number refused or held up, and events of any
// message.
const (
	mostWords            = 1000
	mostWordsOfNamespace = 100
	// longestMessage bounds what is kept of a message, in bytes; client-go sends no more.
	longestMessage = 1024
)

// Speaks tells whether the messages of a kind of events are kept: which volume a pod waits
// for, and why it has none, nothing else says. Those of sandboxes are the words of any
// program, of which phrases are enough.
func Speaks(k Kind) bool {
	return k.Object == "Pod" && (k.Reason == "FailedMount" || k.Reason == "FailedAttachVolume")
}

func saidOf(k Kind, message string) string {
	if !Speaks(k) {
		return ""
	}
	return strings.Clone(Cut(message))
}

// Cut is a message of bounded length.
func Cut(message string) string {
	if len(message) <= longestMessage {
		return message
	}
	return strings.ToValidUTF8(message[:longestMessage], "") + "…"
}

// room is how many events have words of one sort, in all and in each namespace.
type room struct {
	taken int
	in    map[string]int
}

func newRoom() room { return room{in: map[string]int{}} }

// take is false where there is none.
func (r *room) take(namespace string) bool {
	if r.taken >= mostWords || r.in[namespace] >= mostWordsOfNamespace {
		return false
	}
	r.taken++
	r.in[namespace]++
	return true
}

func (r *room) give(namespace string) {
	r.taken--
	if r.in[namespace]--; r.in[namespace] == 0 {
		delete(r.in, namespace)
	}
}

// place makes room for the words of an event, or drops them where there are too many. What
// was refused is told by them alone, and so is left out then. The caller holds the lock.
func (l *Log) place(e *event) {
	if e.refused != nil && !l.refused.take(e.namespace) {
		e.refused = nil
		l.leftOut++
	}
	if e.said != "" && !l.said.take(e.namespace) {
		e.said = ""
	}
}

// displace is what undoes it.
func (l *Log) displace(e event) {
	if e.refused != nil {
		l.refused.give(e.namespace)
	}
	if e.said != "" {
		l.said.give(e.namespace)
	}
}
