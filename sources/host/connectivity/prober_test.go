package connectivity

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/sources/health"
)

// start runs a prober of the node n0 until the test ends.
func start(t *testing.T, o Options, discover Discovery) *Prober {
	t.Helper()
	o.Node, o.Interval = "n0", 50*time.Millisecond
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	nothing := func(error) {}
	p, err := New(o, discover, Reports{nothing, nothing}, quiet(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run(t, p))
	return p
}

// run runs a prober until the function that it returns is called.
func run(t *testing.T, p *Prober) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

// until waits for a report.
func until(t *testing.T, p *Prober, what string, good func(Report) bool) Report {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if r, ok := p.Report(); ok && good(r) {
			return r
		}
	}
	r, ok := p.Report()
	t.Fatalf("no report with %s; the last is %+v, %v", what, r, ok)
	return r
}

func only(o health.Reason) func(Report) bool {
	return func(r Report) bool { return len(r.Results) == 1 && r.Results[0].Outcome == o }
}

func TestProber(t *testing.T) {
	t.Parallel()
	peer := Peer{Node: "n1", Kind: NodeNetwork, Address: respond(t), Zone: "b"}
	p := start(t, Options{Listen: "127.0.0.1:0"}, func(context.Context) ([]Peer, error) {
		return []Peer{{Node: "n0", Kind: NodeNetwork, Address: "127.0.0.1:1", Zone: "a"}, peer}, nil
	})
	r := until(t, p, "a good answer", only(health.Available))
	if got := r.Results[0]; got.OtherZone != "b" || got.RTT <= 0 || got.Peer != peer || r.Zone != "a" {
		t.Errorf("result %+v in zone %s", got, r.Zone)
	}
	if diff := cmp.Diff(map[Kind]int{NodeNetwork: 2}, r.Agents); diff != "" {
		t.Error(diff)
	}
}

// TestOneLostProbeIsNoFailure: the round goes on until one works, and all are
// counted.
func TestOneLostProbeIsNoFailure(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	r := responder{greeting: greeting("n1", NodeNetwork)}
	address := listen(t, func(conn net.Conn) {
		if asked.Add(1)%2 == 1 {
			return
		}
		_ = r.answer(conn)
	})
	p := start(t, Options{}, func(context.Context) ([]Peer, error) {
		return []Peer{{Node: "n1", Kind: NodeNetwork, Address: address}}, nil
	})
	got := until(t, p, "three good rounds", func(r Report) bool { return r.Attempts[NodeNetwork][health.Available] >= 3 })
	if got.Attempts[NodeNetwork][Refused] < 3 || !only(health.Available)(got) {
		t.Errorf("report %+v", got)
	}
}

// TestFailuresHaveNoTime: what hangs does not count as slow.
func TestFailuresHaveNoTime(t *testing.T) {
	t.Parallel()
	peer := Peer{Node: "n1", Kind: PodNetwork, Address: listen(t, hang)}
	p := start(t, Options{Timeout: 100 * time.Millisecond, Attempts: 2, PeersFile: "looked at often"}, func(context.Context) ([]Peer, error) {
		return []Peer{peer}, nil
	})
	r := until(t, p, "a timeout", only(health.Timeout))
	if r.Results[0].RTT != 0 || r.Attempts[PodNetwork][health.Timeout] < 2 {
		t.Errorf("report %+v", r)
	}
}

// TestPeersThatWereFoundAreProbedWhileTheClusterIsAway: then above all.
func TestPeersThatWereFoundAreProbedWhileTheClusterIsAway(t *testing.T) {
	t.Parallel()
	address := respond(t)
	p, err := New(Options{Node: "n0", Interval: 50 * time.Millisecond}, nil, Reports{}, quiet(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	p.discover = func(context.Context) ([]Peer, error) {
		if looks++; looks > 1 {
			return nil, errors.New("the API server is away")
		}
		return []Peer{{Node: "n1", Kind: NodeNetwork, Address: address}}, nil
	}
	last := make(chan error, 100)
	p.reports.Peers = func(err error) { last <- err }
	p.options.PeersFile = "looked at every few seconds"
	defer run(t, p)()
	if err := <-last; err != nil {
		t.Fatal(err)
	}
	if err := <-last; err == nil {
		t.Fatal("the second look succeeded")
	}
	before, _ := p.Report()
	until(t, p, "further answers", func(r Report) bool {
		return r.Attempts[NodeNetwork][health.Available] > before.Attempts[NodeNetwork][health.Available]+2 && only(health.Available)(r)
	})
}

// TestPeersThatLeaveAreForgotten verifies that they are not told of any more, nor
// probed, once a look did not find them.
func TestPeersThatLeaveAreForgotten(t *testing.T) {
	t.Parallel()
	a, b := Peer{Node: "n1", Kind: NodeNetwork, Address: respond(t)}, Peer{Node: "n2", Kind: PodNetwork, Address: closedPort(t)}
	p := start(t, Options{}, func(context.Context) ([]Peer, error) { return []Peer{a, b}, nil })
	until(t, p, "both", func(r Report) bool { return len(r.Results) == 2 })
	p.follow([]Peer{a})
	before, _ := p.Report()
	if !only(health.Available)(before) {
		t.Errorf("report %+v", before)
	}
	until(t, p, "three more rounds", func(r Report) bool {
		return r.Attempts[NodeNetwork][health.Available] >= before.Attempts[NodeNetwork][health.Available]+3
	})
	if _, probed := p.rounds.Answers()[b]; probed {
		t.Error("a peer that left is probed still")
	}
}

// TestAPeerThatMayBeGoneIsNotToldOf verifies that a pod which was replaced, and
// leaves an address where no agent answers, looks like a fault only once peers were
// looked for again.
func TestAPeerThatMayBeGoneIsNotToldOf(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p, err := New(Options{Node: "n0", Timeout: 50 * time.Millisecond, Attempts: 1}, nil, Reports{}, quiet(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	gone := Peer{Node: "n1", Kind: PodNetwork, Address: listen(t, hang)}
	p.looked = now
	var way path
	round := func() {
		now = now.Add(time.Second)
		if way, err = p.probe(t.Context(), gone, way); err != nil || way.outcome != health.Timeout {
			t.Fatalf("%+v, %v", way, err)
		}
	}
	round()
	if !p.mayBeGone(way) {
		t.Error("it is told of before a look")
	}
	round() // goes on: it does not begin again
	p.looked = now
	if p.mayBeGone(way) {
		t.Error("it is listed still, and not told of")
	}
	round()
	if p.mayBeGone(way) {
		t.Error("a failure that goes on is taken for a new one")
	}
}

// TestOldResultsAreNotTold verifies that what a process that stood still knows is not
// told as of now.
func TestOldResultsAreNotTold(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	peers := []Peer{{Node: "n1", Kind: NodeNetwork, Address: respond(t)}}
	p, err := New(Options{Node: "n0", Interval: 50 * time.Millisecond}, func(context.Context) ([]Peer, error) { return peers, nil },
		Reports{Peers: func(error) {}}, quiet(), func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, p)
	until(t, p, "a good answer", only(health.Available))
	stop()
	if r, _ := p.Report(); !only(health.Available)(r) {
		t.Fatalf("report %+v", r)
	}
	ahead.Store(int64(time.Minute))
	if r, _ := p.Report(); len(r.Results) != 0 {
		t.Errorf("an old result is told: %+v", r)
	}
}

// TestLooksAreRareInLargeClusters verifies that what all agents together list grows
// with the number of nodes, not with its square.
func TestLooksAreRareInLargeClusters(t *testing.T) {
	t.Parallel()
	for nodes, want := range map[int]time.Duration{3: time.Minute, 1000: 2 * time.Minute, 5000: 10 * time.Minute} {
		if got := between(nodes, false); got != want {
			t.Errorf("%d nodes: %s, want %s", nodes, got, want)
		}
		if got := between(nodes, true); got >= want || got < 20*time.Second {
			t.Errorf("%d nodes, with a peer that does not answer: %s", nodes, got)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, bad := range []Options{{Peers: -1}, {Attempts: -1}, {Interval: -1}, {Timeout: -1}, {From: "host"}, {Listen: "9897"}} {
		if _, err := New(bad, nil, Reports{}, quiet(), time.Now); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	if got := len(slices.Compact(slices.Sorted(slices.Values(Outcomes())))); got != 5 {
		t.Errorf("%d outcomes", got)
	}
}
