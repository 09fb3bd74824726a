package leases_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/leases"
)

// TestStatusAndLease verifies that a Lease which is late beside a status that is not tells
// of its renewal, and one that is late with its status tells of the clock.
func TestStatusAndLease(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		// lease and status are by how much those of w1 are ahead of our clock, and
		// others is the same of the Leases of all others.
		lease, status, others time.Duration
		live                  bool
		want                  string
	}{
		"both are fresh":                            {-3 * s, -20 * s, 0, false, "3s agrees 0s, status by 0s"},
		"the status has not changed for minutes":    {-3 * s, -7 * m, 0, false, "3s agrees 0s, status by 0s"},
		"the Lease is late, the status is not":      {-15 * m, -3 * s, 0, false, "15m0s unknown 0s, status by 14m57s"},
		"by an hour":                                {-time.Hour, -20 * s, 0, false, "1h0m0s unknown 0s, status by 59m40s"},
		"both are late: the clock":                  {-15 * m, -18 * m, 0, false, "0s off -15m0s, status by 0s"},
		"the Lease is ahead, the status is not":     {time.Hour, -20 * s, 0, false, "0s unknown 0s, status by -1h0m20s"},
		"both are ahead: the clock":                 {time.Hour, 57 * m, 0, false, "0s off 1h0m0s, status by 0s"},
		"the status is late, the Lease is not":      {-3 * s, -16 * m, 0, false, "3s agrees 0s, status by -15m57s"},
		"the status is not known":                   {-15 * m, -never, 0, false, "0s off -15m0s, status by 0s"},
		"Leases were listed three minutes earlier":  {-3 * m, -5 * s, -3 * m, false, "0s agrees 0s, status by 0s"},
		"and one of them was late":                  {-20 * m, -5 * s, -3 * m, false, "17m0s unknown 0s, status by 16m55s"},
		"nodes were listed three minutes earlier":   {-3 * s, -10 * m, 0, false, "3s agrees 0s, status by 0s"},
		"the clock was set back by hours since":     {-3 * s, 8 * time.Hour, 0, false, "3s agrees 0s, status by 0s"},
		"live: seen to change, the status is not":   {-3 * s, -11 * m, 0, true, "0s agrees 0s, status by -10m57s"},
		"live: an hour ahead, and so is the status": {time.Hour, 58 * m, 0, true, "0s off 1h0m0s, status by 0s"},
		"live: it is behind, and posts in between":  {-15 * m, -15*m + 12*s, 0, true, "0s off -15m0s, status by 0s"},
	} {
		of := listed
		if c.live {
			of = arrived
		}
		f := cluster(of, c.lease, c.others, c.others, c.others, c.others)
		f.Dump = leases.Dump{Taken: taken, Written: taken}
		if c.status != -never {
			f.Status = map[string]time.Time{"w1": taken.Add(c.status)}
		}
		j := leases.Judge(f).Nodes["w1"]
		if got := fmt.Sprintf("%s %s %s, status by %s", f.Now.Sub(j.Renewed), j.Clock, j.Offset, j.StatusLead); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestStatusOfAnOutlivedLease verifies that what was seen to change, and does not any more,
// is compared with the status by the clock of both.
func TestStatusOfAnOutlivedLease(t *testing.T) {
	t.Parallel()
	f := cluster(arrived, -15*m, 0, 0, 0, 0)
	f.Status = map[string]time.Time{"w1": taken.Add(-14 * m)}
	if lead := leases.Judge(f).Nodes["w1"].StatusLead; lead != 0 {
		t.Errorf("it has just been renewed: %s", lead)
	}
	f.Now = taken.Add(m)
	if lead := leases.Judge(f).Nodes["w1"].StatusLead; lead != m {
		t.Errorf("it was not renewed for a minute: %s", lead)
	}
}

// TestStatusOfAClockSetForward verifies that a status which looks old, but was written just
// now by the clock of the API server, is that of a clock that was behind until then.
func TestStatusOfAClockSetForward(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ written, want time.Duration }{
		{-2 * m, 0}, {-44 * m, -44*m - 57*s},
	} {
		f := cluster(listed, -3*s, 0, 0, 0, 0)
		f.Dump = leases.Dump{Taken: taken, Written: taken}
		f.Status = map[string]time.Time{"w1": taken.Add(-45 * m)}
		f.StatusWritten = map[string]time.Time{"w1": taken.Add(c.written)}
		if lead := leases.Judge(f).Nodes["w1"].StatusLead; lead != c.want {
			t.Errorf("written %s ago: %s, want %s", -c.written, lead, c.want)
		}
	}
}

const never = 1000 * time.Hour

// TestElectionOfAnUnrenewedNode verifies that the Lease of an election, which lags like
// that of a node whose kubelet only fails to renew it, is not taken for one by a clock
// that is off.
func TestElectionOfAnUnrenewedNode(t *testing.T) {
	t.Parallel()
	f := cluster(listed, -s, -2*s, -3*s, -15*m, -15*m)
	if got := told(f); got != "0s agrees 0s; 0s off -14m59s; 0s" {
		t.Fatalf("the clock of the control plane is off: %s", got)
	}
	f.Status = map[string]time.Time{"control": taken}
	if got := told(f); got != "0s agrees 0s; 14m59s unknown 0s; 14m59s" {
		t.Errorf("its kubelet posts its status: %s", got)
	}
}
