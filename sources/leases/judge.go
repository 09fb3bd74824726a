package leases

import (
	"slices"
	"time"
)

const (
	// agreement is how far apart the stamps may be of holders that live and whose
	// clocks agree: kubelets renew every 10 s.
	agreement = 15 * time.Second
	// together is the same with the time that a failing request takes.
	together = 20 * time.Second
	// measurable is the smallest offset of a clock that a renewal on arrival proves.
	measurable = 15 * time.Second
	// ahead and behind are the smallest that lags in a list prove. A node that lives
	// is marked Unknown 50 s after its last heartbeat, by a controller manager that
	// looks every 5 s.
	ahead  = 30 * time.Second
	behind = 75 * time.Second
	// apart is how much earlier than the rest of a dump its Leases may have been
	// listed, and by how much our own clock may be ahead.
	apart = 5 * time.Minute
)

// Judge tells who was last renewed when, and whose clock is off.
func Judge(f Facts) Judgement {
	j := &judge{Facts: f}
	j.measure()
	result := Judgement{Nodes: make(map[string]Judged, len(f.Nodes)), System: map[string]Judged{}}
	for _, l := range f.Elections {
		result.System[l.Name] = Judged{Renewed: j.led(l), Clock: Unknown}
	}
	for _, l := range f.Others {
		result.System[l.Name] = Judged{Renewed: j.renewed(l), Clock: Unknown}
	}
	marked := j.marks()
	for _, l := range f.Nodes {
		result.Nodes[l.Name] = j.node(l, marked)
	}
	result.Newest, result.Together = newest(result.Nodes, result.System)
	return result
}

type judge struct {
	Facts
	// reference is the lead of holders that live and whose clocks agree; compared is
	// whether there are enough to tell whose clock does not.
	reference time.Duration
	compared  bool
	// median is that of all leads that were measured on arrival, ours included;
	// measured is whether there are enough.
	median   time.Duration
	measured bool
	// stopped is how long before they were listed all Leases stopped.
	stopped time.Duration
}

// seen is when a Lease was seen: those of a dump at its time.
func (j *judge) seen(l Lease) time.Time {
	if !j.Dump.Taken.IsZero() {
		return j.Dump.Taken
	}
	return l.Seen
}

func (j *judge) lead(l Lease) time.Duration { return l.Stamp.Sub(j.seen(l)) }

// measure finds what the leads are compared with.
func (j *judge) measure() {
	var leads []time.Duration
	arrived := []time.Duration{0} // our own clock
	for _, l := range j.Nodes {
		// Those of nodes that were marked as silent stopped with them. In an outage
		// they are many and agree with each other.
		if !l.Stamp.IsZero() && (len(j.Posted) == 0 || j.Posted[l.Name]) {
			leads = append(leads, j.lead(l))
		}
		if l.Changed {
			arrived = append(arrived, l.lead())
		}
	}
	if controllers, ok := j.controllers(); ok && len(leads) < 3 {
		leads = append(leads, controllers)
	}
	j.reference, j.compared = agreed(leads), len(leads) >= 3
	slices.Sort(arrived)
	j.median, j.measured = arrived[len(arrived)/2], len(arrived) >= 3
	// Where none was seen to change and all are long past, they have stopped, unless
	// something was written after them.
	changed := func(l Lease) bool { return l.Changed }
	if slices.ContainsFunc(j.Nodes, changed) || slices.ContainsFunc(j.Elections, changed) || j.reference >= -apart {
		return
	}
	if w := j.Dump.Written; w.IsZero() || w.Before(j.Dump.Taken.Add(j.reference+ahead)) {
		j.stopped = -j.reference
	}
}

// controllers is the lead of the control plane, which counts as one holder and only
// where there are few others: much of it runs on one machine, by one clock.
func (j *judge) controllers() (lead time.Duration, ok bool) {
	for _, l := range j.Elections {
		if !l.Stamp.IsZero() && (!ok || j.lead(l) > lead) {
			lead, ok = j.lead(l), true
		}
	}
	return lead, ok
}

// agreed is the largest lead that several holders agree on: one clock that is ahead
// must not make all others look late.
func agreed(leads []time.Duration) time.Duration {
	if len(leads) == 0 {
		return 0
	}
	slices.Sort(leads)
	slices.Reverse(leads)
	quorum := min(max(len(leads)/10, 3), 5)
	if len(leads) < 5 {
		quorum = (len(leads) + 1) / 2
	}
	for ; quorum > 1; quorum-- {
		for i := 0; i+quorum <= len(leads); i++ {
			if leads[i]-leads[i+quorum-1] <= agreement {
				return leads[i]
			}
		}
	}
	return leads[0]
}

// renewed is when a Lease was last renewed, by our clock.
func (j *judge) renewed(l Lease) time.Time {
	if l.Stamp.IsZero() {
		return time.Time{}
	}
	if l.Changed {
		return l.Seen
	}
	return j.seen(l).Add(min(0, j.lead(l)-j.reference) - j.stopped)
}

// led is when the Lease of an election was last renewed. One that lags just like the
// Lease of a node that counts as alive is held on that node, whose clock is off: had
// the node died, another would hold the Lease.
func (j *judge) led(l Lease) time.Time {
	renewed := j.renewed(l)
	if l.Changed || l.Stamp.IsZero() || j.stopped > 0 || j.lead(l) >= j.reference-behind {
		return renewed
	}
	for _, n := range j.Nodes {
		alive := j.Posted[n.Name] && j.statusLead(n) <= 0
		if alive && !n.Changed && !n.Stamp.IsZero() && (j.lead(n)-j.lead(l)).Abs() <= agreement {
			return j.seen(l)
		}
	}
	return renewed
}

// marks is whether a controller manager lives that marks silent nodes, and leads for
// long enough: one that begins to lead grants each node its grace anew, so that a
// node that died with the leader before it counts as alive for that time.
func (j *judge) marks() bool {
	i := slices.IndexFunc(j.Elections, func(l Lease) bool { return l.Name == j.ControllerManager })
	if i < 0 {
		return false
	}
	manager := j.Elections[i]
	young := !manager.Acquired.IsZero() && manager.Stamp.Sub(manager.Acquired) < behind
	return !manager.Stamp.IsZero() && !young && j.Now.Sub(j.led(manager)) < ahead
}

// node judges the Lease of a node. What was not renewed for a while tells nothing of
// the clock any more: it may have been late when it came.
func (j *judge) node(l Lease, marked bool) Judged {
	judged := Judged{Renewed: j.renewed(l), Duration: l.Duration, StatusLead: j.statusLead(l), Clock: Unknown}
	patience := agreement // until whoever lives is seen to change
	if l.Changed {
		patience = l.Duration
	}
	if l.Stamp.IsZero() || j.Now.Sub(j.seen(l)) > patience {
		return judged
	}
	if l.Changed {
		if !j.measured {
			return judged
		}
		judged.Clock = Agrees
		if offset := l.lead() - j.median; offset.Abs() > measurable {
			judged.Clock, judged.Offset = Off, offset
		}
		return judged
	}
	switch offset := j.lead(l) - j.reference; {
	case !j.compared || j.stopped > 0: // nothing to compare with
	case offset > ahead && judged.StatusLead < 0, offset < -behind && judged.StatusLead > 0:
		// Two times that contradict each other tell of no clock: one of them is not written any more.
	case offset > ahead:
		judged.Clock, judged.Offset = Off, offset
	case offset < -behind && marked && j.Posted[l.Name]:
		// Its kubelet lives, or it would be marked: what is late is its clock.
		judged.Clock, judged.Offset, judged.Renewed = Off, offset, j.seen(l)
	case offset >= -ahead:
		judged.Clock = Agrees
	}
	return judged
}

func newest(groups ...map[string]Judged) (last time.Time, count int) {
	for _, group := range groups {
		for _, l := range group {
			if l.Renewed.After(last) {
				last = l.Renewed
			}
		}
	}
	for _, group := range groups {
		for _, l := range group {
			if !l.Renewed.IsZero() && last.Sub(l.Renewed) <= together {
				count++
			}
		}
	}
	return last, count
}
