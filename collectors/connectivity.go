package collectors

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/connectivity"
)

const connectivityName = "connectivity"

var (
	connectivityPath = exporter.NewGauge(connectivityName, "path",
		"Is 1 for what the last round of probes from this node to a peer came to, if it did not come to good; other_zone is the peer's zone if it is another than that of the node.",
		"node", "zone", "direction", "peer", "other_zone", "result")
	connectivityGood = exporter.NewGauge(connectivityName, "good_paths",
		"Peers to which the last round of probes from this node was good; those between nodes by the peer's zone if it is another than that of the node.",
		"node", "zone", "direction", "other_zone")
	connectivityPeers = exporter.NewGauge(connectivityName, "peers",
		"Other nodes that this node probes, and is probed by.", "node", "direction")
	connectivityRTT = exporter.NewGauge(connectivityName, "rtt_seconds",
		"Median time of the last five good small exchanges with a peer, without the handshake, in seconds: of the peers the one in the middle (0.5) and the slowest (1); failed exchanges are not in it.",
		"node", "direction", "quantile")
	connectivityProbes = exporter.NewCounter(connectivityName, "probes_total",
		"Single probes from this node by what each came to; a round makes more of them only while they fail, and what none ever came to is absent, but for ok.",
		"node", "direction", "result")
	connectivityAgents = exporter.NewGauge(connectivityName, "agents",
		"Agents of the cluster that the agent in one network of this node knows, itself included, by the network that they are in.",
		"node", "from", "network")
)

// Connectivity is the failure mode of a partitioned network: pods, nodes or zones
// that do not reach each other, or only with small packets.
//
// Series per node on which all is well: 3 of good paths and one for each zone, 4 of peers,
// 8 of round trip times, 4 of counters and 4 of agents; nothing grows with the number of
// peers or nodes.
func Connectivity() Definition {
	var o connectivity.Options
	return Definition{
		Name:       connectivityName,
		Help:       "The network does not let nodes, or pods and nodes, reach each other, or only with small packets.",
		Scope:      Node,
		Privileges: []Privilege{HostNetwork},
		Default:    true,
		Metrics:    []*exporter.Desc{connectivityPath, connectivityGood, connectivityPeers, connectivityRTT, connectivityProbes, connectivityAgents},
		Reads:      []sources.Read{sources.Peers},
		Flags: func(f *Flags) {
			f.Flag("from", "Network that this agent is in: that of the node or that of its pods.").
				Default("node").EnumVar((*string)(&o.From), "node", "pod")
			f.Flag("listen-address", "Where the probes of peers are answered; all agents in one network use the same port. Empty means that they are not.").
				Default(":9897").StringVar(&o.Listen)
			f.Flag("namespace", "Namespace of the Services kubevitals-node-peers and kubevitals-pod-peers, whose endpoints are the peers.").
				Default("kubevitals").StringVar(&o.Namespace)
			f.Flag("peers-file", "File with a line NODE node|pod HOST:PORT [ZONE] for each agent, this one included; used instead of the Services, and read again every few seconds.").
				PlaceHolder("FILE").StringVar(&o.PeersFile)
			Whole(f.Flag("peers", "Other nodes to probe, and to be probed by.").Default("8"), &o.Peers)
			f.Flag("probe-interval", "Time between two rounds of probes to the same peer.").Default("15s").DurationVar(&o.Interval)
			f.Flag("probe-timeout", "Longest time that one exchange with a peer may take; a lost first packet costs 1s.").Default("3s").DurationVar(&o.Timeout)
			Whole(f.Flag("probe-attempts", "Failed probes in a row that make a failed round.").Default("3"), &o.Attempts)
		},
		Configure: func(c *sources.Config) { c.Connectivity = o },
		Replay:    true, // exchanges between nodes
		New: func(s *sources.Sources) (exporter.Collector, error) {
			prober, err := s.Connectivity()
			if err != nil {
				return nil, err
			}
			return connectivityCollector{
				node: s.Host().Node(), from: prober.From(),
				report: prober.Report, peers: s.ConnectivityPeersErr,
			}, nil
		},
	}
}

type connectivityCollector struct {
	node   string
	from   connectivity.Kind
	report func() (connectivity.Report, bool)
	peers  func() error
}

// Collect sends what the last rounds came to. It fails while no peers were ever
// found; later it goes on with those that were found last.
func (c connectivityCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	r, ok := c.report()
	if !ok {
		if err := c.peers(); err != nil {
			return fmt.Errorf("peers: %w", err)
		}
		return nil
	}
	c.sendPaths(ch, r)
	c.sendTimes(ch, r.Results)
	for _, kind := range connectivity.Kinds() {
		for _, outcome := range connectivity.Outcomes() {
			if n := r.Attempts[kind][outcome]; n > 0 || outcome == health.Available {
				ch <- connectivityProbes.Sample(float64(n), c.node, connectivity.Direction(c.from, kind), outcome.Result())
			}
		}
		ch <- connectivityAgents.Sample(float64(r.Agents[kind]), c.node, string(c.from), string(kind))
	}
	return nil
}

// sendPaths sends how many paths are good, and each one that is not. The direction of a
// path counts as seen once there is a result.
func (c connectivityCollector) sendPaths(ch chan<- prometheus.Metric, r connectivity.Report) {
	type group struct{ direction, otherZone string }
	good, peers := map[group]int{}, map[string]int{}
	for _, p := range r.Results {
		direction := connectivity.Direction(c.from, p.Kind)
		peers[direction]++
		g := group{direction: direction}
		if c.from == connectivity.NodeNetwork && p.Kind == connectivity.NodeNetwork {
			g.otherZone = p.OtherZone
		}
		if p.Outcome == health.Available {
			good[g]++
			continue
		}
		good[g] += 0
		ch <- connectivityPath.Sample(1, c.node, r.Zone, direction, p.Node, p.OtherZone, p.Outcome.Result())
	}
	for g, n := range good {
		ch <- connectivityGood.Sample(float64(n), c.node, r.Zone, g.direction, g.otherZone)
	}
	for direction, n := range peers {
		ch <- connectivityPeers.Sample(float64(n), c.node, direction)
	}
}

// sendTimes sends the round trip times of the peer in the middle and of the slowest.
func (c connectivityCollector) sendTimes(ch chan<- prometheus.Metric, results []connectivity.Result) {
	times := map[string][]time.Duration{}
	for _, p := range results {
		if p.RTT > 0 {
			direction := connectivity.Direction(c.from, p.Kind)
			times[direction] = append(times[direction], p.RTT)
		}
	}
	for direction, all := range times {
		slices.Sort(all)
		ch <- connectivityRTT.Sample(all[(len(all)-1)/2].Seconds(), c.node, direction, "0.5")
		ch <- connectivityRTT.Sample(all[len(all)-1].Seconds(), c.node, direction, "1")
	}
}
