// What the two heartbeats of a kubelet tell, its Lease and the status of its node: that
// both stopped, or only one of them.
local g = import '../dashboards/grafana.libsonnet';
local why = import 'causes.libsonnet';
local leases = import 'leases.libsonnet';
local promql = import 'promql.libsonnet';

function(c) {
  local k = c { nothingWritten: leases(c).nothingWritten },
  // By how much the status of each node is later than its Lease, where that deviates.
  local lead = 'max by (%(by)s, node) (kubevitals_node_readiness_status_lead_seconds{%(selector)s})' % c,
  // Whoever is not ready for longer than one heartbeat lasts is told of as such.
  local away = promql.line(|||
    (
      time() - max by (%(by)s, node) (kubevitals_node_readiness_transition_timestamp_seconds{%(selector)s}) > 60
      and on (%(by)s, node)
      max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0
    )
  ||| % c),

  alerts: [
    {
      alert: 'KubeVitalsNodeLeaseStale',
      each: 'node',
      severity: 'warning',
      // By all that see a renewal: of two replicas one may see later than the other. Nodes
      // whose Lease is fresh, as nearly all are, are left out before anything is put together.
      expr: |||
        min by (%(by)s, node) (timestamp(%(renewed)s) - (%(renewed)s and on (%(by)s, node) %(overdue)s))
        and on (%(by)s, node)
        (
          count by (%(by)s, node) (%(overdue)s)
          == on (%(by)s, node)
          count by (%(by)s, node) (%(renewed)s and on (%(by)s, node) %(overdue)s)
        )
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s} and on (%(by)s, node) %(overdue)s) == 1
        unless on (%(by)s, node)
        %(lead)s > 0
        unless on (%(by)s)
        %(nothingWritten)s
      ||| % (k {
               lead: lead,
               renewed: 'kubevitals_node_readiness_lease_renew_timestamp_seconds{%(selector)s}' % c,
               overdue: 'kubevitals_node_readiness_lease_overdue{%(selector)s} == 1' % c,
             }),
      'for': '2m',
      summary: 'A kubelet has stopped its heartbeats, and its node still counts as ready.',
      explainedBy: why.nothingWritten + why.cutOff + why.on(['node'], ['KubeVitalsNodeAPIServerUnreachable'], { inhibits: false }) + why.on(['node'], ['KubeVitalsFilesystemDead']),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s last renewed its Lease {{ $value | humanizeDuration }} ago. The node still counts as ready, and gets pods and traffic: by default the controller manager marks one 50 s after its last heartbeat.',
    },
    {
      alert: 'KubeVitalsNodeLeaseNotRenewed',
      each: 'node',
      severity: 'warning',
      // Where few nodes have a Lease, their kubelets are too old to make one.
      expr: |||
        (
          %(lead)s > 0
          or
          0 * max by (%(by)s, node) (kubevitals_node_readiness_lease_missing{%(selector)s, node!~"%(nodesWithoutAgentIgnored)s"})
          and on (%(by)s)
          sum by (%(by)s) (max by (%(by)s, state) (kubevitals_node_readiness_leases{%(selector)s, state=~"fresh|overdue"})) > on (%(by)s) kubevitals:node:count / 2
        )
        unless on (%(by)s, node)
        %(away)s
        unless on (%(by)s)
        %(nothingWritten)s
      ||| % (k { lead: lead, away: away }),
      'for': '5m',
      summary: 'A kubelet posts the status of its node, but does not renew its Lease.',
      explainedBy: why.nothingWritten,
      description: '{{ if eq $value 0.0 }}Node {{ $labels.node }} of cluster %(cluster)s has no Lease, as most others have: its kubelet makes none, or something removes it.{{ else }}The status that the kubelet of node {{ $labels.node }} of cluster %(cluster)s posted last is {{ $value | humanizeDuration }} later than the last renewal of its Lease, both by the clock of the node: the kubelet has outlived its renewals, which fail or are not made.{{ end }} Without renewals a node turns not ready between one status and the next, which by default may be 5 minutes apart.',
    },
    {
      alert: 'KubeVitalsNodeStatusStale',
      each: 'node',
      severity: 'warning',
      // Kubelets that are set to confirm their status less often are so all over a cluster.
      expr: |||
        -%(lead)s > 0
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 1
        unless on (%(by)s)
        (count by (%(by)s) (%(lead)s < 0) >= 3 and on (%(by)s) count by (%(by)s) (%(lead)s < 0) > on (%(by)s) kubevitals:node:count / 2)
      ||| % (c { lead: lead }),
      'for': '10m',
      summary: 'A kubelet renews its Lease, but the status of its node is out of date.',
      explainedBy: why.nothingWritten,
      description: 'The last renewal of the Lease of node {{ $labels.node }} of cluster %(cluster)s is {{ $value | humanizeDuration }} later than the status that its kubelet posted last, both by the clock of the node; by default a kubelet confirms its status every 5 minutes. Either it posts it no more, and conditions, addresses and capacity are out of date, or the clock of the node was set in between.',
    },
  ],
  panels: [
    g.timeseries(
      'Age of heartbeats',
      'Time since each kubelet renewed the Lease of its node, which it does every 10 s.',
      's',
      [g.target('min by (node) (timestamp(kubevitals_node_readiness_lease_renew_timestamp_seconds{%(panel)s, node=~"$node"}) - kubevitals_node_readiness_lease_renew_timestamp_seconds{%(panel)s, node=~"$node"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsNodeLeaseStale'] },
    ),
    g.timeseries(
      'Heartbeats',
      'Number of nodes whose Lease is fresh, overdue by its own duration, or of which no renewal is known; those that are overdue by name.',
      'short',
      [
        g.target('max by (state) (kubevitals_node_readiness_leases{%(panel)s})' % c, '{{state}}'),
        g.target('max by (node) (kubevitals_node_readiness_lease_overdue{%(panel)s, node=~"$node"})' % c, 'overdue: {{node}}'),
      ],
      { alerts: ['KubeVitalsNodeLeaseStale'] },
    ),
    g.timeseries(
      'Status beside Lease',
      'By how much the status of a node is later than its Lease, negative if earlier, and 0 of nodes that have none; nodes whose kubelet writes both are not shown.',
      's',
      [
        g.target('max by (node) (kubevitals_node_readiness_status_lead_seconds{%(panel)s, node=~"$node"})' % c, '{{node}}'),
        g.target('0 * max by (node) (kubevitals_node_readiness_lease_missing{%(panel)s, node=~"$node"})' % c, 'no Lease: {{node}}'),
      ],
      { signed: true, alerts: ['KubeVitalsNodeLeaseNotRenewed', 'KubeVitalsNodeStatusStale'], mayBeEmpty: true },
    ),
  ],
}
