// Pods may take what the node's own daemons need.
local g = import '../../dashboards/grafana.libsonnet';

function(c) {
  name: 'node_allocatable',
  area: 'nodes',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsNodeAllocatableFailing',
      severity: 'warning',
      // Old kubelets that do not use cgroups per class send the event every minute, and mean nothing by it.
      expr: |||
        max by (%(by)s, node) (kubevitals_events_last_seen_timestamp_seconds{%(selector)s, reason="FailedNodeAllocatableEnforcement"}) > time() - %(eventsFreshSeconds)s
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_allocatable_cgroups_per_qos{%(selector)s}) == 0
      ||| % c,
      'for': '5m',
      summary: 'A kubelet cannot limit what pods take of its node.',
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s fails to write the limits of pods or of what is reserved into their cgroups: pods may take what the kubelet and the system need.',
    },
    {
      alert: 'KubeVitalsNodeAllocatableNotEnforced',
      severity: 'info',
      expr: |||
        max by (%(by)s, node) (kubevitals_node_allocatable_enforced{%(selector)s, limit="pods"}) == 0
      ||| % c,
      'for': '1h',
      summary: 'A kubelet is told not to limit what pods take of its node.',
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s does not enforce the limit of pods: whatever is reserved counts for the scheduler only, and pods may take all of the node.',
    },
    {
      alert: 'KubeVitalsNodesReserveNothing',
      severity: 'info',
      expr: |||
        count by (%(by)s) (
          max by (%(by)s, node) (kubevitals_node_allocatable_reserved_ratio{%(selector)s, resource="cpu"}) == 0
          and on (%(by)s, node)
          max by (%(by)s, node) (kubevitals_node_allocatable_reservation_configured{%(selector)s}) == 0
        )
      ||| % c,
      'for': '1h',
      summary: 'Nodes reserve nothing for their own daemons.',
      description: 'Nodes of cluster %(cluster)s that reserve neither CPU nor memory for the kubelet, the container runtime and the system: {{ $value }}. Busy pods starve these, and the node stops being ready.',
    },
  ],
  panels: [
    g.timeseries(
      'Reserved share of nodes',
      "Share of each node's capacity that pods cannot get.",
      'percentunit',
      [g.target('min by (node, resource) (kubevitals_node_allocatable_reserved_ratio{%(panel)s, node=~"$node"})' % c, '{{node}} {{resource}}')],
      { alerts: ['KubeVitalsNodesReserveNothing'] },
    ),
    g.stateTimeline(
      'Limits enforced',
      'Whether each kubelet limits pods, and the daemons that it reserves for, by cgroups.',
      [g.target('max by (node, limit) (kubevitals_node_allocatable_enforced{%(panel)s, node=~"$node"})' % c, '{{node}} {{limit}}')],
      { alerts: ['KubeVitalsNodeAllocatableNotEnforced'] },
    ),
    g.stateTimeline(
      'Reservations configured',
      "Whether each kubelet's configuration reserves anything for Kubernetes' own daemons (kube) and for all others (system).",
      [g.target('max by (node, reservation) (kubevitals_node_allocatable_reservation_configured{%(panel)s, node=~"$node"})' % c, '{{node}} {{reservation}}')],
      { alerts: ['KubeVitalsNodesReserveNothing'] },
    ),
    g.timeseries(
      'Cgroups',
      'Nodes by the cgroup driver that their kubelets are configured with, and those without cgroups per quality of service class.',
      'short',
      [
        g.target('count by (driver) (max by (node, driver) (kubevitals_node_allocatable_cgroup_driver{%(panel)s, node=~"$node"}))' % c, '{{driver}}'),
        g.target('count(max by (node) (kubevitals_node_allocatable_cgroups_per_qos{%(panel)s, node=~"$node"}) == 0) or vector(0)' % c, 'without cgroups per class'),
      ],
    ),
    g.timeseries(
      'Since limits could not be written',
      'Time since the latest event by which a kubelet told that it could not write the limits of pods or of what is reserved.',
      's',
      [g.target('time() - max by (node) (kubevitals_events_last_seen_timestamp_seconds{%(panel)s, node=~"$node", reason="FailedNodeAllocatableEnforcement"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsNodeAllocatableFailing'], mayBeEmpty: true },
    ),
  ],
}
