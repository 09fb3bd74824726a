// A node cannot reach the API server, though others can.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  name: 'node_apiserver',
  area: 'network',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsNodeAPIServerUnreachable',
      each: 'node',
      severity: 'warning',
      expr: |||
        max by (%(by)s, node) (kubevitals_node_apiserver_reachable{%(nodeSelector)s}) == 0
        and on (%(by)s)
        max by (%(by)s) (kubevitals_node_apiserver_reachable{%(nodeSelector)s}) == 1
      ||| % c,
      'for': '3m',
      summary: 'A node cannot reach the API server, though other nodes can.',
      explainedBy: why.cutOff + why.on(['node'], ['KubeVitalsKubeProxyRulesStale', 'KubeVitalsNodePodNetworkCut'], { inhibits: false }),
      description: 'No API server answers node {{ $labels.node }} of cluster %(cluster)s over the address that pods use, though it answers other nodes. What on this node depends on the API breaks: controllers, operators, DNS servers; if the kubelet goes the same way, the node will be not ready.',
    },
  ],
  panels: [
    g.stateTimeline(
      'Nodes that reach the API server',
      'Whether an API server answers each node over a new connection to the address that pods use.',
      [g.target('max by (node) (kubevitals_node_apiserver_reachable{%(nodePanel)s, node=~"$node"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsNodeAPIServerUnreachable'], mayBeEmpty: true },
    ),
    g.table(
      'Nodes that do not get a good answer of the API server',
      'What became of the last try: unreachable and timeout are the way, tls is a certificate or something in between, all others are answers.',
      [g.column('max by (node, result) (kubevitals_node_apiserver_probe_result{%(nodePanel)s, node=~"$node", result!="available"}) == 1' % c)],
      { alerts: ['KubeVitalsNodeAPIServerUnreachable'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Time of nodes to reach the API server',
      'Time that the slowest node took to connect, for the handshake and until the answer.',
      's',
      [g.target('max by (stage) (kubevitals_node_apiserver_probe_duration_seconds{%(nodePanel)s, node=~"$node"})' % c, '{{stage}}')],
      { mayBeEmpty: true },
    ),
  ],
}
