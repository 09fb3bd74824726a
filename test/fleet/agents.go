package fleet

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
)

// agentSeries are what Prometheus scrapes of the agents, one on each Linux node: what
// they tell of a node that is well. The collectors of scope node read the kernel of
// the machine that they run on, which no model can stand in for.
func (c *Cluster) agentSeries() (exporter.Families, error) {
	f := &agentSamples{known: map[string]*exporter.Desc{}}
	resolves := c.resolves()
	for i, m := range c.machines {
		if m.system != linux {
			continue
		}
		node := m.node.Name
		up := m.host.Load() && !m.agentDown
		f.add("up", exporter.Bool(up), node)
		if !up {
			continue
		}
		f.add("kubevitals_node_apiserver_reachable", exporter.Bool(c.plane.reached(i%3, c.now())), node)
		f.add("kubevitals_conntrack_active", 1, node)
		f.add("kubevitals_conntrack_entries", float64(9000+i), node)
		f.add("kubevitals_conntrack_limit", 262144, node)
		f.add("kubevitals_conntrack_events_total", float64(c.now().Unix()/3600), node, "event", "insert_failed")
		f.add("kubevitals_conntrack_events_total", float64(c.now().Unix()/3600), node, "event", "drop")
		f.add("kubevitals_kube_proxy_up", 1, node)
		f.add("kubevitals_kube_proxy_rules_healthy", 1, node, "ip_family", "IPv4")
		f.add("kubevitals_container_runtime_ready", 1, node, "condition", "RuntimeReady", "reason", "")
		f.add("kubevitals_container_runtime_ready", exporter.Bool(m.isReady() || !m.kubelet.Load()), node, "condition", "NetworkReady", "reason", "")
		f.add("kubevitals_filesystem_free_ratio", float64(1000-m.used.Load())/1000, node, "root", "/var/lib/kubelet", "resource", "bytes")
		f.add("kubevitals_node_dns_probe_result", exporter.Bool(resolves), node, "server", "10.96.0.10", "probe", "cluster", "result", "ok")
		if !resolves {
			f.add("kubevitals_node_dns_probe_result", 1, node, "server", "10.96.0.10", "probe", "cluster", "result", "unreachable")
		}
		f.add("kubevitals_scrape_collector_success", 1, node, "collector", "conntrack")
		c.pathsOf(m, f)
	}
	return exporter.FamiliesOf(f.metrics...)
}

// pathsOf are the paths from a machine to its peers. It learns of those that are gone
// a while later.
func (c *Cluster) pathsOf(m *machine, f *agentSamples) {
	if c.now().Unix()%120 == 0 {
		m.peers = slices.DeleteFunc(m.peers, func(p *machine) bool { return p.gone })
	}
	for len(m.peers) < 3 {
		p := c.pick(func(p *machine) bool { return p != m && usable(p) && !slices.Contains(m.peers, p) })
		if p == nil {
			break
		}
		m.peers = append(m.peers, p)
	}
	const direction = "node_to_node"
	zone := func(m *machine) string { return m.node.Labels["topology.kubernetes.io/zone"] }
	good := map[string]int{}
	for _, p := range m.peers {
		other := zone(p)
		if other == zone(m) {
			other = ""
		}
		if p.host.Load() {
			good[other]++
			continue
		}
		good[other] += 0
		f.add("kubevitals_connectivity_path", 1, m.node.Name, "zone", zone(m), "direction", direction, "peer", p.node.Name, "other_zone", other, "result", "timeout")
	}
	for other, n := range good {
		f.add("kubevitals_connectivity_good_paths", float64(n), m.node.Name, "zone", zone(m), "direction", direction, "other_zone", other)
	}
	f.add("kubevitals_connectivity_peers", float64(len(m.peers)), m.node.Name, "direction", direction)
	f.add("kubevitals_connectivity_agents", float64(len(c.machines)), m.node.Name, "from", "node", "network", "node")
}

// agentSamples are samples of agents, with a description for each metric.
type agentSamples struct {
	metrics []prometheus.Metric
	known   map[string]*exporter.Desc
}

func (a *agentSamples) add(name string, value float64, node string, labels ...string) {
	names, values := []string{"job", "instance"}, []string{"kubevitals-node", node + ":9410"}
	if name != "up" {
		names, values = append(names, "node"), append(values, node)
	}
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	if a.known[name] == nil {
		a.known[name] = exporter.Foreign(name, names...)
	}
	a.metrics = append(a.metrics, a.known[name].Sample(value, values...))
}
