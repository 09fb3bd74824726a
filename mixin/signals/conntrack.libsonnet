// A node's connection tracking table is full: new connections are dropped.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  // A limit of 0 is none.
  local k = c {
    used: 'max by (%(by)s, node) (kubevitals_conntrack_entries{%(nodeSelector)s}) / on (%(by)s, node) (max by (%(by)s, node) (kubevitals_conntrack_limit{%(nodeSelector)s}) > 0)' % c,
    // When two packets of one connection clash, the kernel counts the loser as
    // dropped, too: these are no want of room.
    lost: promql.line(|||
      (
        sum by (%(by)s, node) (rate(kubevitals_conntrack_events_total{%(nodeSelector)s, event=~"drop|early_drop"}[5m]))
          - on (%(by)s, node)
          (
            sum by (%(by)s, node) (rate(kubevitals_conntrack_events_total{%(nodeSelector)s, event="insert_failed"}[5m]))
            or
            0 * max by (%(by)s, node) (kubevitals_conntrack_entries{%(nodeSelector)s})
          )
        > %(conntrackDropsPerSecond)g
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_conntrack_entries{%(nodeSelector)s}) / on (%(by)s, node) (max by (%(by)s, node) (kubevitals_conntrack_limit{%(nodeSelector)s}) > 0) > %(conntrackRatio)g
      )
    ||| % c),
  },
  name: 'conntrack',
  area: 'node-agents',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsConntrackDropping',
      each: 'node',
      severity: 'warning',
      fault: 'conntrack_dropping',
      expr: |||
        %(lost)s
      ||| % k,
      'for': '5m',
      summary: 'A node drops connections because its connection tracking table is full.',
      description: 'Node {{ $labels.node }} of cluster %(cluster)s loses {{ $value | humanize }} packets a second because its connection tracking table is full: new connections to, from and through the node time out at random, those of its pods and of Services included.',
    },
    {
      alert: 'KubeVitalsConntrackNearlyFull',
      each: 'node',
      severity: 'warning',
      expr: |||
        (
          %(used)s > %(conntrackRatio)g
        )
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals:node_fault{fault="conntrack_dropping"})
      ||| % k,
      'for': '5m',
      summary: "A node's connection tracking table is nearly full.",
      explainedBy: why.on(['node'], ['KubeVitalsConntrackDropping']),
      description: 'The connection tracking table of node {{ $labels.node }} of cluster %(cluster)s is {{ $value | humanizePercentage }} full. When it is full, new connections to, from and through the node are dropped.',
    },
  ],
  panels: [
    g.timeseries(
      'Connection tracking tables',
      'Share of the connection tracking table of each node that is full; absent where the kernel tracks no connections.',
      'percentunit',
      [g.target('max by (node) (kubevitals_conntrack_entries{%(nodePanel)s, node=~"$node"}) / (max by (node) (kubevitals_conntrack_limit{%(nodePanel)s, node=~"$node"}) > 0)' % c, '{{node}}')],
      { alerts: ['KubeVitalsConntrackNearlyFull'], threshold: c.conntrackRatio, mayBeEmpty: true },
    ),
    g.timeseries(
      'Packets lost in connection tracking',
      'Packets by what happened to them: dropped because the table is full, or lost in a clash of two packets of one connection, as happens to lookups over UDP.',
      'pps',
      [g.target('sum by (node, event) (rate(kubevitals_conntrack_events_total{%(nodePanel)s, node=~"$node"}[$__rate_interval])) > 0' % c, '{{node}} {{event}}')],
      { alerts: ['KubeVitalsConntrackDropping'], threshold: c.conntrackDropsPerSecond, mayBeEmpty: true },
    ),
    g.stat(
      'Nodes without connection tracking',
      'Nodes whose kernel tracks no connections: the module is not loaded.',
      'short',
      [g.target('count(max by (node) (kubevitals_conntrack_active{%(nodePanel)s, node=~"$node"}) == 0)' % c, '')],
      { mayBeEmpty: true },
    ),
  ],
}
