package kubelet

import (
	"errors"
	"syscall"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Reach is how far requests to a kubelet get, whatever they ask for. It tells a
// process that is gone from one that hangs and from a host that is away.
type Reach string

// The reaches. A handshake is proof enough of life: an endpoint that is slow or
// forbidden says nothing of the process that serves it.
const (
	// NotTried: it was not asked yet, not lately, or what came tells nothing.
	NotTried Reach = ""
	// Answers: the process took part in a TLS handshake, or more.
	Answers Reach = "answers"
	// Hangs: the kernel accepted the connection, and no handshake followed.
	Hangs Reach = "hangs"
	// Refused: the host says that no process listens at the port.
	Refused Reach = "refused"
	// NoRoute: no sign of the host.
	NoRoute Reach = "no_route"
)

// reachOf tells what a request came to.
func reachOf(err error) Reach {
	if recorded, ok := errors.AsType[*NoAnswer](err); ok {
		return recorded.Reach
	}
	unreached, ok := errors.AsType[*unreachedError](err)
	if !ok {
		return Answers
	}
	switch reason := health.Classify(err); {
	case reason == health.TLS: // it had something to refuse
		return Answers
	case unreached.dialled && reason == health.Timeout:
		return Hangs
	case unreached.dialled: // hung up on: a process that ends, or that was never a kubelet
		return NotTried
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case reason == health.Timeout, errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		return NoRoute
	}
	return NotTried // no address, no name
}

// reached notes what a request that began at started came to. One that hung is
// no proof against an answer that came while it waited.
func (r *Result) reached(reach Reach, started, now time.Time) {
	if reach == Hangs && r.Reach == Answers && r.ReachedAt.After(started) {
		return
	}
	r.Reach, r.ReachedAt = reach, now
}
