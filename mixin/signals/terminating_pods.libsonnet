// Pods stay Terminating, most often because their node is dead.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local oldest(selector) = |||
    time() - min by (%(by)s, node) (kubevitals_terminating_pods_oldest_deadline_timestamp_seconds{%(selector)s, %(hold)s})
    > %(terminatingPodsSeconds)s
  ||| % (c { hold: selector }),

  name: 'terminating_pods',
  area: 'workloads',
  alerts: [
    {
      alert: 'KubeVitalsPodsStuckOnDeadNode',
      each: 'node',
      severity: 'warning',
      expr: oldest('hold=~"node_missing|node_unreachable|node_not_ready"'),
      'for': '5m',
      summary: 'Pods are stuck Terminating because their node is dead.',
      explainedBy: why.lostNode + why.ofCluster(['KubeVitalsNodesNotReady']),
      description: 'Pods on node {{ $labels.node }} of cluster %(cluster)s have been stuck Terminating for {{ $value | humanizeDuration }} past their grace period, and the node is gone or not ready: nobody confirms that they stopped. A StatefulSet does not replace them, and their volumes stay attached.',
    },
    {
      alert: 'KubeVitalsPodsStuckInKubelet',
      each: 'node',
      severity: 'warning',
      expr: oldest('hold="kubelet"'),
      'for': '5m',
      summary: 'Pods are stuck Terminating though their node is ready: the kubelet does not finish.',
      explainedBy: why.lostNode + why.noRuntime + why.nothingWritten + why.on(['node'], ['KubeVitalsFilesystemDead', 'KubeVitalsFilesystemReadOnly']),
      description: 'Pods on node {{ $labels.node }} of cluster %(cluster)s have been stuck Terminating for {{ $value | humanizeDuration }} past their grace period, and the node is ready. A container cannot be killed, or a volume cannot be unmounted.',
    },
    {
      alert: 'KubeVitalsPodsHeldByFinalizer',
      severity: 'warning',
      expr: |||
        time() - min by (%(by)s) (kubevitals_terminating_pods_oldest_deadline_timestamp_seconds{%(selector)s, hold=~"finalizers|not_scheduled"})
        > %(terminatingPodsFinalizerSeconds)s
      ||| % c,
      'for': '10m',
      summary: 'Pods are stuck Terminating though no node holds them.',
      explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsControllerManagerDown'], { inhibits: false }),
      description: 'Pods of cluster %(cluster)s have been stuck Terminating for {{ $value | humanizeDuration }} past their grace period, and no node holds them%(holds)s.',
      values: {
        holds: promql.each(
          c,
          'min by (hold) (kubevitals_terminating_pods_oldest_deadline_timestamp_seconds{%s, hold=~"finalizers|not_scheduled"})',
          [],
          'hold',
          '{{ if not $i }}: {{ end }}{{ if eq .Labels.hold "finalizers" }}a finalizer does, which its controller has not removed{{ else }}they never had a node, and the controller manager has not removed them{{ end }}'
        ),
      },
    },
  ],
  panels: [
    g.timeseries(
      'Pods that do not go',
      'Pods whose grace period is over and that still exist, by what holds them.',
      'short',
      [
        g.target('sum by (hold) (max by (node, hold) (kubevitals_terminating_pods_overdue{%(panel)s}))' % c, '{{hold}}'),
        g.target('max(kubevitals_terminating_pods_terminating{%(panel)s})' % c, 'being deleted, overdue or not'),
      ],
    ),
    g.timeseries(
      'Longest overdue',
      'Time since the grace period of the pod that is overdue for longest ended.',
      's',
      [g.target('time() - min by (node, hold) (kubevitals_terminating_pods_oldest_deadline_timestamp_seconds{%(panel)s})' % c, '{{node}} {{hold}}')],
      {
        alerts: ['KubeVitalsPodsStuckOnDeadNode', 'KubeVitalsPodsStuckInKubelet', 'KubeVitalsPodsHeldByFinalizer'],
        threshold: c.terminatingPodsSeconds,
        mayBeEmpty: true,
      },
    ),
  ],
}
