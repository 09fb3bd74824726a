// A node's container runtime is down, hangs, or has no network for its pods.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  name: 'container_runtime',
  area: 'node-agents',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsContainerRuntimeHung',
      each: 'node',
      severity: 'warning',
      expr: |||
        max by (%(by)s, node) (kubevitals_container_runtime_probe_result{%(nodeSelector)s, result="timeout"}) == 1
      ||| % c,
      'for': '3m',
      summary: 'A container runtime accepts connections but does not answer.',
      explainedBy: why.noDisk + why.on(['node'], ['KubeVitalsNodeDiskPressure', 'KubeVitalsFilesystemFull', 'KubeVitalsNodeLogKnownCause'], { inhibits: false }),
      description: 'The container runtime of node {{ $labels.node }} of cluster %(cluster)s takes calls and does not answer them. The node can neither start nor stop containers and is about to be not ready; containers that run go on.',
    },
    {
      alert: 'KubeVitalsContainerRuntimeDown',
      each: 'node',
      severity: 'warning',
      expr: |||
        max by (%(by)s, node) (kubevitals_container_runtime_probe_result{%(nodeSelector)s, call="version", result=~"no_socket|refused"}) == 1
        or
        1 - min by (%(by)s, node) (kubevitals_container_runtime_ready{%(nodeSelector)s, condition="RuntimeReady"}) == 1
      ||| % c,
      'for': '2m',
      summary: 'A container runtime is down.',
      explainedBy: why.noDisk + why.on(['node'], ['KubeVitalsNodeDiskPressure', 'KubeVitalsFilesystemFull', 'KubeVitalsNodeLogKnownCause'], { inhibits: false }),
      description: 'The container runtime of node {{ $labels.node }} of cluster %(cluster)s is down: nobody listens at its socket, or it says itself that it is not ready. The node can neither start nor stop containers and is about to be not ready; containers that run go on.',
    },
    {
      alert: 'KubeVitalsContainerRuntimeNetworkNotReady',
      each: 'node',
      severity: 'warning',
      // Once the kubelet has said so, the node is not ready and that alert has the cause.
      expr: |||
        max by (%(by)s, node) (kubevitals_container_runtime_ready{%(nodeSelector)s, condition="NetworkReady"}) == 0
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause="network_plugin_missing"}) == 1
      ||| % c,
      'for': '5m',
      summary: 'A container runtime has no network for its pods.',
      explainedBy: why.noRuntime,
      description: 'The container runtime of node {{ $labels.node }} of cluster %(cluster)s has no network for pods%(reason)s: its network plugin is not installed or not configured. New pods do not start there.',
      values: { reason: promql.lookup(c, 'max by (reason) (kubevitals_container_runtime_ready{%s, node=%%q, condition="NetworkReady"} == 0)', ['node'], ' ({{ .Labels.reason }})', c.nodeSelector) },
    },
    {
      alert: 'KubeVitalsContainerRuntimeUnreadable',
      severity: 'info',
      expr: |||
        count by (%(by)s) (
          max by (%(by)s, node) (kubevitals_container_runtime_probe_result{%(nodeSelector)s, result=~"denied|unimplemented|error"}) == 1
        )
      ||| % c,
      'for': '30m',
      summary: 'Agents cannot ask the container runtimes of their nodes.',
      description: 'Nodes of cluster %(cluster)s where the agent of kubevitals gets no usable answer from the container runtime: {{ $value }} (%(results)s). Nothing is known of the runtime there.',
      values: {
        results: promql.each(
          c,
          'count by (result) (max by (node, result) (kubevitals_container_runtime_probe_result{%s, result=~"denied|unimplemented|error"}) == 1)',
          [],
          'result',
          '{{ .Labels.result }} on {{ .Value }}',
          c.nodeSelector
        ),
      },
    },
  ],
  panels: [
    g.stateTimeline(
      'Container runtimes',
      'Whether the container runtime of each node answers.',
      [g.target('min by (node) (kubevitals_container_runtime_probe_result{%(nodePanel)s, node=~"$node", result="ok"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsContainerRuntimeHung', 'KubeVitalsContainerRuntimeDown'], mayBeEmpty: true },
    ),
    g.table(
      'What ails container runtimes',
      'Calls that were not answered well, and what runtimes say of themselves and of the network of pods.',
      [
        g.column('max by (node, call, result) (kubevitals_container_runtime_probe_result{%(nodePanel)s, node=~"$node", result!="ok"}) == 1' % c),
        g.column('max by (node, condition, reason) (kubevitals_container_runtime_ready{%(nodePanel)s, node=~"$node"}) == 0' % c),
      ],
      { alerts: ['KubeVitalsContainerRuntimeNetworkNotReady', 'KubeVitalsContainerRuntimeUnreadable'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Time of container runtimes to answer',
      'Time that the slowest call of the last round took.',
      's',
      [g.target('max by (node) (kubevitals_container_runtime_probe_duration_seconds{%(nodePanel)s, node=~"$node"})' % c, '{{node}}')],
      { mayBeEmpty: true },
    ),
    g.table(
      'Versions of container runtimes',
      'Number of nodes by name and version of their container runtime.',
      [g.column('count by (runtime, version) (max by (node, runtime, version) (kubevitals_container_runtime_info{%(nodePanel)s, node=~"$node"}))' % c, 'Nodes')],
      { mayBeEmpty: true },
    ),
  ],
}
