// The ConfigMaps and Secrets of a node's pods exhaust streams and API servers.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  name: 'watch_streams',
  area: 'kubelets',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsWatchStreamsExhausted',
      each: 'node',
      severity: 'warning',
      fault: 'watch_streams_exhausted',
      expr: |||
        max by (%(by)s, node) (kubevitals_watch_streams_connections_needed{%(selector)s}) > 1
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_watch_streams_single_connection{%(selector)s}) == 1
      ||| % c,
      'for': '5m',
      summary: 'A kubelet needs more watch streams than its one connection carries.',
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s is of a version with a single connection and needs {{ $value }} connections for its watches. It hangs, and the node becomes NotReady.',
    },
    {
      alert: 'KubeVitalsWatchStreamsHigh',
      each: 'node',
      severity: 'warning',
      expr: |||
        sum by (%(by)s, node) (max by (%(by)s, node, resource) (kubevitals_watch_streams_objects{%(selector)s})) > %(watchStreamsObjectsPerNode)s
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_watch_streams_strategy{%(selector)s, strategy="Watch"}) == 1
      ||| % c,
      'for': '30m',
      summary: 'A kubelet watches very many ConfigMaps and Secrets.',
      explainedBy: why.on(['node'], ['KubeVitalsWatchStreamsExhausted']),
      description: 'The pods of node {{ $labels.node }} of cluster %(cluster)s refer to {{ $value }} distinct ConfigMaps and Secrets, and its kubelet watches each of them.',
    },
    {
      alert: 'KubeVitalsWatchStreamsLoadAPIServer',
      each: 'api_server',
      severity: 'warning',
      expr: |||
        sum by (%(by)s, server) (max by (%(by)s, server, resource) (kubevitals_watch_streams_apiserver_watches{%(selector)s})) > %(watchStreamsPerServer)s
      ||| % c,
      'for': '30m',
      summary: 'An API server holds very many watches of single ConfigMaps and Secrets.',
      description: 'API server {{ $labels.server }} of cluster %(cluster)s holds {{ $value }} watches of single ConfigMaps and Secrets; each costs memory and goroutines.',
    },
  ],
  panels: [
    g.timeseries(
      'ConfigMaps and Secrets by node',
      'Distinct ConfigMaps and Secrets that the pods of a node refer to: what its kubelet watches at the most.',
      'short',
      [g.target('sum by (node) (max by (node, resource) (kubevitals_watch_streams_objects{%(panel)s, node=~"$node"}))' % c, '{{node}}')],
      { alerts: ['KubeVitalsWatchStreamsHigh'], threshold: c.watchStreamsObjectsPerNode },
    ),
    g.timeseries(
      'Connections needed',
      'Connections that a kubelet needs for its watches, given the stream limit, if it needs more than 1, which stops a kubelet that cannot open a second one.',
      'short',
      [
        g.target('max by (node) (kubevitals_watch_streams_connections_needed{%(panel)s, node=~"$node"})' % c, '{{node}}'),
        g.target('max by (node) (kubevitals_watch_streams_single_connection{%(panel)s, node=~"$node"}) == 1' % c, '{{node}} has one connection only'),
      ],
      { alerts: ['KubeVitalsWatchStreamsExhausted'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Watches of single objects by API server',
      "The API server's own count of watches of single ConfigMaps and Secrets.",
      'short',
      [g.target('sum by (server) (max by (server, resource) (kubevitals_watch_streams_apiserver_watches{%(panel)s}))' % c, '{{server}}')],
      { alerts: ['KubeVitalsWatchStreamsLoadAPIServer'], threshold: c.watchStreamsPerServer },
    ),
    g.timeseries(
      'Kubelets by connections needed',
      'Number of kubelets whose watches need one connection, several, or of which it is not known.',
      'short',
      [g.target('sum by (connections) (max by (connections, shard) (kubevitals_watch_streams_kubelets{%(panel)s}))' % c, '{{connections}}')],
      { alerts: ['KubeVitalsWatchStreamsExhausted'] },
    ),
    g.timeseries(
      'Kubelets by strategy',
      'Number of kubelets by how they learn of changed ConfigMaps and Secrets.',
      'short',
      [g.target('count by (strategy) (max by (node, strategy) (kubevitals_watch_streams_strategy{%(panel)s, node=~"$node"}) == 1)' % c, '{{strategy}}')],
      { alerts: ['KubeVitalsWatchStreamsHigh'] },
    ),
    g.stat(
      'Stream limit',
      'Streams that an API server allows on one connection.',
      'short',
      [g.target('max by (server) (kubevitals_watch_streams_limit{%(panel)s})' % c, '{{server}}')],
    ),
  ],
}
