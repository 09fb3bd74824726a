package leases_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/leases"
)

var taken = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// listed is a Lease that was listed with such a lead over our clock.
func listed(name string, lead time.Duration) leases.Lease {
	return leases.Lease{Name: name, Duration: 40 * time.Second, Renewal: leases.Renewal{Stamp: taken.Add(lead), Seen: taken}}
}

// arrived is one that was seen to change.
func arrived(name string, lead time.Duration) leases.Lease {
	l := listed(name, lead)
	l.Changed = true
	return l
}

// cluster are four nodes and an election, listed with these leads.
func cluster(of func(string, time.Duration) leases.Lease, w1, w2, w3, control, manager time.Duration) leases.Facts {
	f := leases.Facts{
		Nodes:             []leases.Lease{of("w1", w1), of("w2", w2), of("w3", w3), of("control", control)},
		Elections:         []leases.Lease{of("kube-controller-manager", manager)},
		ControllerManager: "kube-controller-manager", Now: taken, Posted: map[string]bool{},
	}
	for _, n := range f.Nodes {
		f.Posted[n.Name] = true
	}
	return f
}

const s, m = time.Second, time.Minute

// told are the ages and clocks of the nodes w1 and control, and the age of the
// controller manager.
func told(f leases.Facts) string {
	j := leases.Judge(f)
	of := func(name string) string {
		n := j.Nodes[name]
		return fmt.Sprintf("%s %s %s", f.Now.Sub(n.Renewed), n.Clock, n.Offset)
	}
	return fmt.Sprintf("%s; %s; %s", of("w1"), of("control"), f.Now.Sub(j.System["kube-controller-manager"].Renewed))
}

// TestJudgeLists verifies what is told where Leases were listed once, as in dumps.
func TestJudgeLists(t *testing.T) {
	t.Parallel()
	unposted := cluster(listed, -20*m, -1*s, -2*s, -3*s, -1*s)
	unposted.Posted["w1"] = false
	leaderless := cluster(listed, -20*m, -1*s, -2*s, -3*s, -9*m)
	outage := cluster(listed, -60*m, -60*m-3*s, -60*m-5*s, -2*s, -1*s)
	for _, dead := range []string{"w1", "w2", "w3"} {
		outage.Posted[dead] = false
	}
	late := cluster(listed, -8*m, -8*m-s, -8*m-2*s, -8*m-3*s, -8*m)
	late.Dump = leases.Dump{Taken: taken, Written: taken.Add(-time.Minute)}
	// A node and the leader on it died 80 s ago; another leads since 60 s, and grants grace anew.
	successor := cluster(listed, -80*s, -1*s, -2*s, -3*s, -1*s)
	successor.Elections[0].Acquired = taken.Add(-61 * s)
	for name, c := range map[string]struct {
		facts leases.Facts
		want  string
	}{
		"dead with the last leader":    {successor, "1m19s unknown 0s; 2s agrees 0s; 0s"},
		"three of four are dead":       {outage, "59m59s unknown 0s; 1s unknown 0s; 0s"},
		"healthy":                      {cluster(listed, -3*s, -1*s, -9*s, -5*s, -1*s), "2s agrees 0s; 4s agrees 0s; 0s"},
		"a clock ahead":                {cluster(listed, 90*s, -1*s, -2*s, -3*s, -1*s), "0s off 1m31s; 2s agrees 0s; 0s"},
		"a clock behind":               {cluster(listed, -45*m, -1*s, -2*s, -3*s, -1*s), "0s off -44m59s; 2s agrees 0s; 0s"},
		"the control plane's ahead":    {cluster(listed, -1*s, -2*s, -3*s, 90*s, 91*s), "0s agrees 0s; 0s off 1m31s; 0s"},
		"the control plane's behind":   {cluster(listed, -1*s, -2*s, -3*s, -10*m, -10*m), "0s agrees 0s; 0s off -9m59s; 0s"},
		"a node that is known dead":    {unposted, "19m59s unknown 0s; 2s agrees 0s; 0s"},
		"dead, and who marks is, too":  {leaderless, "19m59s unknown 0s; 2s agrees 0s; 8m59s"},
		"our clock two minutes ahead":  {cluster(listed, -123*s, -121*s, -129*s, -125*s, -121*s), "2s agrees 0s; 4s agrees 0s; 0s"},
		"all stopped":                  {cluster(listed, -20*m, -20*m-3*s, -20*m-5*s, -20*m-9*s, -20*m), "20m0s unknown 0s; 20m9s unknown 0s; 20m0s"},
		"listed long before the rest":  {late, "0s agrees 0s; 3s agrees 0s; 0s"},
		"a silent minute, not a clock": {cluster(listed, -61*s, -1*s, -2*s, -3*s, -1*s), "1m0s unknown 0s; 2s agrees 0s; 0s"},
	} {
		if got := told(c.facts); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// TestJudgeArrivals verifies what is told of Leases that were seen to change: their
// times never count, only when they came.
func TestJudgeArrivals(t *testing.T) {
	t.Parallel()
	silent := cluster(arrived, -90*s, 0, 0, 0, 0)
	silent.Now = taken.Add(2 * time.Minute)
	dead := cluster(arrived, 0, 0, 0, 0, 0)
	dead.Nodes[0] = listed("w1", -20*m)
	dead.Now = taken.Add(16 * time.Second)
	for name, c := range map[string]struct {
		facts leases.Facts
		want  string
	}{
		"listed, and never seen to change": {dead, "20m16s unknown 0s; 16s agrees 0s; 16s"},
		"a clock behind":                   {cluster(arrived, -45*m, 0, 0, 0, 0), "0s off -45m0s; 0s agrees 0s; 0s"},
		"our clock is behind":              {cluster(arrived, 45*m, 45*m, 45*m, 45*m, 45*m), "0s agrees 0s; 0s agrees 0s; 0s"},
		"late, and silent since: no say":   {silent, "2m0s unknown 0s; 2m0s unknown 0s; 2m0s"},
	} {
		if got := told(c.facts); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// TestJudgeNewest verifies that Leases that stopped together are one fact, and that
// one that goes on refutes it.
func TestJudgeNewest(t *testing.T) {
	t.Parallel()
	f := cluster(arrived, 0, 0, 0, 0, 0)
	f.Now = taken.Add(5 * time.Minute)
	if j := leases.Judge(f); !j.Newest.Equal(taken) || j.Together != 5 {
		t.Errorf("%s, %d together", j.Newest, j.Together)
	}
	f.Others = []leases.Lease{{Name: "apiserver", Renewal: leases.Renewal{Stamp: taken, Seen: f.Now, Changed: true}}}
	if j := leases.Judge(f); !j.Newest.Equal(f.Now) || j.Together != 1 {
		t.Errorf("one is renewed: %s, %d together", j.Newest, j.Together)
	}
	if j := leases.Judge(leases.Facts{Now: taken}); !j.Newest.IsZero() || j.Together != 0 {
		t.Errorf("without Leases: %+v", j)
	}
}

// TestFollow verifies that a list or an event with the same stamp is no renewal.
func TestFollow(t *testing.T) {
	t.Parallel()
	first := leases.Renewal{Stamp: taken, Seen: taken}
	again := leases.Renewal{Stamp: taken, Seen: taken.Add(time.Minute)}
	if got := again.Follow(first); got != first {
		t.Errorf("the same stamp: %+v", got)
	}
	back := leases.Renewal{Stamp: taken.Add(-time.Hour), Seen: taken.Add(time.Minute)}
	if got := back.Follow(first); !got.Changed || !got.Seen.Equal(taken.Add(time.Minute)) {
		t.Errorf("a clock that was set back: %+v", got)
	}
}
