// Clocks of nodes that are off. The kubelet's Lease bears the time of its node, and
// the other Leases tell what time it is.
local g = import '../../dashboards/grafana.libsonnet';

function(c) {
  name: 'node_clock',
  area: 'nodes',
  beyond_guide: 'a node whose clock is off looks silent to whoever compares times, and refuses certificates and tokens that are valid',
  alerts: [
    {
      alert: 'KubeVitalsNodeClockOff',
      each: 'node',
      severity: 'warning',
      expr: |||
        max by (%(by)s, node) (kubevitals_node_clock_offset_seconds{%(selector)s}) > %(nodeClockOffsetSeconds)s
        or
        min by (%(by)s, node) (kubevitals_node_clock_offset_seconds{%(selector)s}) < -%(nodeClockOffsetSeconds)s
      ||| % c,
      'for': '5m',
      summary: 'The clock of a node is off.',
      description: 'The clock of node {{ $labels.node }} of cluster %(cluster)s is {{ if lt $value 0.0 }}{{ slice (humanizeDuration $value) 1 }} behind{{ else }}{{ humanizeDuration $value }} ahead of{{ end }} the clocks of the others. By that much it takes certificates and tokens for expired or not yet valid at the wrong time, its logs and events bear wrong times, and leases that go by its clock may be lost or kept too long.',
    },
  ],
  panels: [
    g.timeseries(
      'Offset of clocks',
      'By how much the clock of a node is ahead of the others, negative if behind; nodes whose clock agrees are not shown.',
      's',
      [g.target('max by (node) (kubevitals_node_clock_offset_seconds{%(panel)s, node=~"$node"})' % c, '{{node}}')],
      { signed: true, alerts: ['KubeVitalsNodeClockOff'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes by clock',
      'Nodes whose clock agrees with the others, is off, or cannot be told.',
      'short',
      [g.target('max by (state) (kubevitals_node_clock_nodes{%(panel)s})' % c, '{{state}}')],
      { alerts: ['KubeVitalsNodeClockOff'] },
    ),
  ],
}
