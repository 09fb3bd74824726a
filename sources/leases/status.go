package leases

import "time"

// statusDue is how much older than its Lease the status of a kubelet may be that is well:
// by default it confirms one that stays as it is every 5 minutes, give or take half.
const statusDue = 10 * time.Minute

// statusLead is by how much the status that a kubelet posted bears a later time than its
// Lease, negative if earlier; 0 while the two are as near to each other as a kubelet keeps
// them that writes both. One clock wrote both times, so that its offset does not matter.
func (j *judge) statusLead(l Lease) time.Duration {
	status := j.Status[l.Name]
	if l.Stamp.IsZero() || status.IsZero() {
		return 0
	}
	lead, due := status.Sub(l.Stamp), statusDue
	if !l.Changed {
		// One of the two was listed first: the Leases as long before as all of them lag.
		lead += min(0, j.reference)
		due += apart
	}
	written := j.StatusWritten[l.Name]
	switch {
	case lead < -due && !written.IsZero() && j.seen(l).Sub(written) < due:
		return 0 // its clock was behind when it posted, and was set right since
	case lead < -due:
		return lead
	case lead > l.Duration && j.Now.Sub(j.renewed(l)) > l.Duration:
		return lead // otherwise its clock was set back, and the Lease is renewed by it
	}
	return 0
}
