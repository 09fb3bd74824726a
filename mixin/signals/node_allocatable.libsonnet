// Pods may take what the node's own daemons need.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  name: 'node_allocatable',
  area: 'nodes',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsNodeAllocatableFailing',
      each: 'node',
      severity: 'warning',
      // Old kubelets that do not use cgroups per class send the event every minute, and mean nothing by it.
      expr: |||
        max by (%(by)s, node) (kubevitals_events_last_seen_timestamp_seconds{%(selector)s, reason="FailedNodeAllocatableEnforcement"}) > time() - %(eventsFreshSeconds)s
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_allocatable_missing{%(selector)s, protection="cgroups_per_qos"}) == 1
      ||| % c,
      'for': '5m',
      summary: 'A kubelet cannot limit what pods take of its node.',
      explainedBy: why.on(['node'], ['KubeVitalsKubeletRestartLoop']),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s fails to write the limits of pods or of what is reserved into their cgroups: pods may take what the kubelet and the system need.',
    },
    {
      alert: 'KubeVitalsNodeAllocatableNotEnforced',
      each: 'node',
      severity: 'info',
      expr: |||
        max by (%(by)s, node) (kubevitals_node_allocatable_missing{%(selector)s, protection="enforcement"}) == 1
      ||| % c,
      'for': '1h',
      summary: 'A kubelet is configured not to limit what pods take of its node.',
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s does not enforce the limit of pods: whatever is reserved counts for the scheduler only, and pods may take all of the node.',
    },
    {
      alert: 'KubeVitalsNodesReserveNothing',
      severity: 'info',
      expr: |||
        count by (%(by)s) (
          max by (%(by)s, node) (kubevitals_node_allocatable_unreserved{%(selector)s, resource="cpu"}) == 1
          and on (%(by)s, node)
          max by (%(by)s, node) (kubevitals_node_allocatable_missing{%(selector)s, protection="reservation"}) == 1
        )
      ||| % c,
      'for': '1h',
      summary: 'Nodes reserve nothing for their own daemons.',
      description: 'Nodes of cluster %(cluster)s that reserve neither CPU nor memory for the kubelet, the container runtime and the system: {{ $value }}. Busy pods starve these, and the node stops being ready.',
    },
  ],
  panels: [
    g.timeseries(
      'Nodes that reserve',
      'Number of nodes by whether they keep some of each resource from pods.',
      'short',
      [g.target('max by (resource, reserved) (kubevitals_node_allocatable_nodes{%(panel)s})' % c, '{{resource}}: {{reserved}}')],
      { alerts: ['KubeVitalsNodesReserveNothing'] },
    ),
    g.table(
      'Nodes without protection',
      'What pods may take all of, and what the configuration of the kubelet lacks: reservation, neither for Kubernetes nor for others; enforcement of the limit of pods; cgroups per quality of service class.',
      [
        g.column('max by (node, resource) (kubevitals_node_allocatable_unreserved{%(panel)s, node=~"$node"})' % c),
        g.column('max by (node, protection) (kubevitals_node_allocatable_missing{%(panel)s, node=~"$node"})' % c),
      ],
      { alerts: ['KubeVitalsNodesReserveNothing', 'KubeVitalsNodeAllocatableNotEnforced'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Kubelets by protection',
      'Number of kubelets whose configuration has each protection, lacks it, or of which it is not known.',
      'short',
      [g.target('sum by (protection, state) (max by (protection, state, shard) (kubevitals_node_allocatable_kubelets{%(panel)s}))' % c, '{{protection}}: {{state}}')],
      { alerts: ['KubeVitalsNodeAllocatableNotEnforced'] },
    ),
    g.timeseries(
      'Kubelets by limit and cgroup driver',
      'Number of kubelets that enforce each limit, and by the cgroup driver that they are configured with.',
      'short',
      [
        g.target('sum by (limit) (max by (limit, shard) (kubevitals_node_allocatable_enforcing_kubelets{%(panel)s}))' % c, 'enforces {{limit}}'),
        g.target('sum by (driver) (max by (driver, shard) (kubevitals_node_allocatable_cgroup_driver_kubelets{%(panel)s}))' % c, '{{driver}}'),
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
