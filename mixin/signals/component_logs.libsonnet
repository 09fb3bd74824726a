// The log of a component that is not well shows a known cause.
local g = import '../../dashboards/grafana.libsonnet';

function(c) {
  name: 'component_logs',
  area: 'control-plane',
  alerts: [
    {
      alert: 'KubeVitalsComponentLogKnownCause',
      each: 'component',
      severity: 'warning',
      // A component that is mended is not read any more, and what it said grows old.
      expr: |||
        time() - max by (%(by)s, component, signature) (kubevitals_component_logs_signature_seen_timestamp_seconds{%(selector)s}) < %(componentLogsFreshSeconds)s
        and on (%(by)s)
        max by (%(by)s) (kubevitals_component_logs_unhealthy_pods{%(selector)s}) > 0
      ||| % c,
      'for': '5m',
      summary: 'The log of a component in trouble shows a known cause.',
      description: 'Pods of {{ $labels.component }} in cluster %(cluster)s are not ready or crash, and their log shows {{ $labels.signature }}, the last time {{ $value | humanizeDuration }} ago. The runbook says what that means and what to do.',
    },
    {
      alert: 'KubeVitalsNodeLogKnownCause',
      each: 'node',
      severity: 'warning',
      expr: |||
        time() - max by (%(by)s, node, component, signature) (kubevitals_component_logs_node_signature_seen_timestamp_seconds{%(selector)s}) < %(componentLogsFreshSeconds)s
      ||| % c,
      'for': '5m',
      summary: 'The log of a service on a node in trouble shows a known cause.',
      description: 'Node {{ $labels.node }} of cluster %(cluster)s is not ready, or its kubelet has just started, and the log of its {{ $labels.component }} shows {{ $labels.signature }}, the last time {{ $value | humanizeDuration }} ago. The runbook says what that means and what to do.',
    },
    {
      alert: 'KubeVitalsComponentLogsTruncated',
      severity: 'info',
      // Nodes do not count: most kubelets do not offer logs, and the base asks for none.
      expr: |||
        max by (%(by)s) (kubevitals_component_logs_left_out_pods{%(selector)s}) > 0
        or
        sum by (%(by)s) (increase(kubevitals_component_logs_truncated_total{%(selector)s}[15m])) > 0
      ||| % c,
      'for': '15m',
      summary: 'Logs of components are not read to their end, so that known causes may be missed.',
      description: 'More pods of cluster %(cluster)s are in trouble, or write more, than kubevitals reads in one round; known causes may be missed or seen late.',
    },
  ],
  panels: [
    g.table(
      'Known causes in logs',
      'How long ago the last line with a known sign of trouble was written, by component.',
      [g.column('time() - max by (component, signature) (kubevitals_component_logs_signature_seen_timestamp_seconds{%(panel)s})' % c, 'Last line ago', 's')],
      { alerts: ['KubeVitalsComponentLogKnownCause'], mayBeEmpty: true },
    ),
    g.table(
      'Known causes in logs of nodes',
      'How long ago the last line with a known sign of trouble was written to the log of a service on a node.',
      [g.column('time() - max by (node, component, signature) (kubevitals_component_logs_node_signature_seen_timestamp_seconds{%(panel)s})' % c, 'Last line ago', 's')],
      { alerts: ['KubeVitalsNodeLogKnownCause'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Lines with known causes',
      'Lines per second that show a known sign of trouble.',
      'cps',
      [g.target('sum by (component, signature) (rate(kubevitals_component_logs_signature_lines_total{%(panel)s}[$__rate_interval]))' % c, '{{component}} {{signature}}')],
      { mayBeEmpty: true },
    ),
    g.timeseries(
      'Pods and nodes that are not well',
      'Pods of kube-system and nodes whose logs are read, and those of them that are left out.',
      'short',
      [
        g.target('max(kubevitals_component_logs_unhealthy_pods{%(panel)s})' % c, 'pods'),
        g.target('max(kubevitals_component_logs_left_out_pods{%(panel)s})' % c, 'pods left out'),
        g.target('max(kubevitals_component_logs_unhealthy_nodes{%(panel)s})' % c, 'nodes'),
        g.target('max(kubevitals_component_logs_left_out_nodes{%(panel)s})' % c, 'nodes left out'),
        g.target('sum(increase(kubevitals_component_logs_truncated_total{%(panel)s}[$__rate_interval]))' % c, 'readings cut short'),
      ],
      { alerts: ['KubeVitalsComponentLogKnownCause', 'KubeVitalsComponentLogsTruncated'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Bytes of logs that are read',
      'What the reading of logs costs the API server and the kubelets.',
      'Bps',
      [g.target('sum(rate(kubevitals_component_logs_read_bytes_total{%(panel)s}[$__rate_interval]))' % c, 'read')],
      { mayBeEmpty: true },
    ),
  ],
}
