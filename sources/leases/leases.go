// Package leases judges from Leases who lives and whose clock is off. The time in a
// Lease is by the clock of its holder, so that it is never compared with the present:
// a Lease lives while it changes. Of one that was listed and not yet seen to change,
// the lag behind the others of the list tells.
package leases

import "time"

// Renewal is what is known of when a Lease was last renewed.
type Renewal struct {
	// Stamp is the time that the holder wrote, by its own clock; zero when it never did.
	Stamp time.Time
	// Seen is when that stamp was seen first, by our clock.
	Seen time.Time
	// Changed is whether it was seen to take the place of another. Otherwise it was
	// there when the Lease was first seen, and may be of any age.
	Changed bool
}

// Follow is what is known once this renewal was seen after another.
func (r Renewal) Follow(before Renewal) Renewal {
	if r.Stamp.Equal(before.Stamp) {
		return before
	}
	r.Changed = true
	return r
}

// lead is how far the stamp was ahead of our clock when it was seen.
func (r Renewal) lead() time.Duration { return r.Stamp.Sub(r.Seen) }

// Lease is one Lease. Name is the node's for Leases of nodes.
type Lease struct {
	Name string
	// Duration is how long a renewal is good for.
	Duration time.Duration
	// Acquired is since when its holder has it, by the clock of the holder; zero if it does
	// not say.
	Acquired time.Time
	Renewal
}

// Facts are the Leases of a cluster at one moment.
type Facts struct {
	Nodes []Lease
	// Elections are those of the controllers of the control plane, by which its clocks
	// are known, and Others the rest of their namespace.
	Elections, Others []Lease
	// ControllerManager is the name of the election of whoever marks silent nodes.
	ControllerManager string
	// Posted are the nodes whose condition Ready is True or False, as their kubelets
	// say: of a silent kubelet it becomes Unknown.
	Posted map[string]bool
	// Status is when kubelets posted the status of their nodes last, each by the clock of
	// its node, as it is in their Leases.
	Status map[string]time.Time
	// StatusWritten is when API servers wrote that status, by their clock; zero where it
	// is not known.
	StatusWritten map[string]time.Time
	// Dump is what a dump tells of its Leases; the zero value is for a live cluster.
	Dump Dump
	// Now is the present by our clock.
	Now time.Time
}

// Dump is what a dump tells about when its Leases were listed.
type Dump struct {
	// Taken is the time of the dump; zero if there is none.
	Taken time.Time
	// Written is the latest moment at which something in the dump was certainly
	// written to the API server.
	Written time.Time
}

// Clock says how a node's clock compares with those of the others.
type Clock string

// The states of clocks.
const (
	Agrees  Clock = "agrees"
	Off     Clock = "off"
	Unknown Clock = "unknown"
)

// Clocks are all states.
func Clocks() []Clock { return []Clock{Agrees, Off, Unknown} }

// Judged is what a Lease tells.
type Judged struct {
	// Renewed is when it was last renewed, by our clock and as far as can be known;
	// zero when it never was.
	Renewed time.Time
	// Duration is how long a renewal is good for.
	Duration time.Duration
	// StatusLead is by how much the status of the node bears a later time than the Lease,
	// negative if earlier; 0 while a kubelet that writes both leaves no more between them.
	StatusLead time.Duration
	Clock      Clock
	// Offset is how far the holder's clock is ahead of the others; 0 unless it is off.
	Offset time.Duration
}

// Judgement is what all Leases tell.
type Judgement struct {
	// Nodes and System are by the names of the Leases.
	Nodes, System map[string]Judged
	// Newest is the last renewal of any Lease by our clock; zero without Leases.
	Newest time.Time
	// Together counts the Leases that were last renewed within 20 s before the newest.
	Together int
}
