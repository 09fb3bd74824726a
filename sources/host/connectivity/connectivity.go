// Package connectivity asks a few other nodes, again and again, whether connections
// to them work: from the network of this node or from that of its pods, small
// and larger than any MTU. It knows no thresholds; it counts and tells what the
// last round came to. A slow answer is an answer.
package connectivity

import (
	"fmt"
	"net"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Kind is one of the two networks in which a node has an agent.
type Kind string

// The kinds of networks.
const (
	NodeNetwork Kind = "node" // that of the host
	PodNetwork  Kind = "pod"  // that of the pods
)

// Kinds returns both kinds.
func Kinds() []Kind { return []Kind{NodeNetwork, PodNetwork} }

// Direction names who opens a connection to whom. What answers travels back the
// same way, so a network that loses the packets of one way only fails both.
func Direction(from, to Kind) string { return string(from) + "_to_" + string(to) }

// What a round of probes may come to beside health.Available and health.Timeout. They
// extend the reasons, which call all but the last health.Unreachable: where a network
// is torn is what they tell. Only Timeout and NoRoute say that the network does not
// let through, and LargeFailed that it does not let large packets through.
const (
	Refused     health.Reason = "refused"      // the host answers, the agent does not
	NoRoute     health.Reason = "no_route"     // a router or the own host says that there is no way
	LargeFailed health.Reason = "large_failed" // a small exchange works, one larger than the MTU does not
)

// Outcomes returns what a round can come to.
func Outcomes() []health.Reason {
	return []health.Reason{health.Available, Refused, health.Timeout, NoRoute, LargeFailed}
}

// Peer is an agent on some node.
type Peer struct {
	Node string
	Kind Kind
	// Address is host:port of its responder.
	Address string
	// Zone is where its node is; empty if that is not known.
	Zone string
}

// Options say who probes whom. Zero values mean the defaults.
type Options struct {
	// Node and From say where this agent is.
	Node string
	From Kind
	// Listen is where peers are answered; if empty, none is.
	Listen string
	// Namespace is where the Services are whose EndpointSlices name the peers.
	Namespace string
	// PeersFile names the peers instead.
	PeersFile string
	// Peers is how many other nodes are probed; 8 by default.
	Peers int
	// Interval is the time between two rounds to the same peer; 15 s by default.
	Interval time.Duration
	// Timeout bounds one exchange; 3 s by default, which leaves room for a lost SYN.
	Timeout time.Duration
	// Attempts is how often a failed probe is made again within its round, before
	// the round counts as failed; 3 by default.
	Attempts int
}

func (o *Options) fill() error {
	if o.From == "" {
		o.From = NodeNetwork
	}
	if o.Peers == 0 {
		o.Peers = 8
	}
	if o.Interval == 0 {
		o.Interval = 15 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 3 * time.Second
	}
	if o.Attempts == 0 {
		o.Attempts = 3
	}
	switch {
	case o.From != NodeNetwork && o.From != PodNetwork:
		return fmt.Errorf("network %q is neither node nor pod", o.From)
	case o.Peers < 1 || o.Attempts < 1:
		return fmt.Errorf("%d peers, %d attempts: less than 1", o.Peers, o.Attempts)
	case o.Interval < 0 || o.Timeout < 0:
		return fmt.Errorf("interval %s, timeout %s: not positive", o.Interval, o.Timeout)
	}
	if o.Listen != "" {
		if _, _, err := net.SplitHostPort(o.Listen); err != nil {
			return fmt.Errorf("address to listen at: %w", err)
		}
	}
	return nil
}

// Result is what is known of the way to one peer.
type Result struct {
	Peer
	// OtherZone is the peer's zone if it is not that of this node, and empty
	// otherwise, so that what crosses zones can be selected.
	OtherZone string
	Outcome   health.Reason
	// RTT is the median time of the last good small exchanges, after the
	// connection stands; 0 if there was none.
	RTT time.Duration
}

// Report is what one agent has to tell.
type Report struct {
	// Zone is that of this node.
	Zone    string
	Results []Result
	// Attempts counts exchanges since the start, by kind of network and outcome.
	Attempts map[Kind]map[health.Reason]uint64
	// Agents are how many are known, this one included.
	Agents map[Kind]int
}
