// A kubelet that starts again and again.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  name: 'kubelet_restarts',
  area: 'kubelets',
  alerts: [
    {
      alert: 'KubeVitalsKubeletRestartLoop',
      each: 'node',
      severity: 'warning',
      // Events are held for an hour and may be dropped; the start of the process is
      // seen only when the kubelet lives long enough to be read. Each alone is enough.
      expr: |||
        (
          max by (%(by)s, node) (kubevitals_kubelet_restarts_recent_starts{%(selector)s}) >= %(kubeletRestartsInHour)s
          and on (%(by)s, node)
          time() - max by (%(by)s, node) (kubevitals_kubelet_restarts_last_start_timestamp_seconds{%(selector)s}) < %(kubeletRestartsQuietSeconds)s
        )
        or
        changes((max by (%(by)s, node) (kubevitals_kubelet_restarts_process_start_timestamp_seconds{%(selector)s}))[1h:1m]) >= %(kubeletRestartsInHour)s
      ||| % c,
      'for': '2m',
      keep_firing_for: '10m',
      summary: 'A kubelet keeps restarting.',
      explainedBy: why.on(['node'], ['KubeVitalsFilesystemDead', 'KubeVitalsFilesystemReadOnly']) + why.on(['node'], ['KubeVitalsNodeDiskPressure', 'KubeVitalsFilesystemFull'], { inhibits: false }),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s started {{ $value | humanize }} times within the last hour, which is a loop and no upgrade: it exits soon after each start, and says why only in its log.',
    },
  ],
  panels: [
    g.timeseries(
      'Starts of kubelets',
      'Starts of each kubelet in the events of the last hour, where there are any, and the number of kubelets with and without; an upgrade makes one or two.',
      'short',
      [
        g.target('max by (node) (kubevitals_kubelet_restarts_recent_starts{%(panel)s, node=~"$node"})' % c, '{{node}}'),
        g.target('sum by (recent_starts) (max by (recent_starts, shard) (kubevitals_kubelet_restarts_kubelets{%(panel)s}))' % c, 'kubelets with {{recent_starts}}'),
      ],
      { alerts: ['KubeVitalsKubeletRestartLoop'], threshold: c.kubeletRestartsInHour },
    ),
    g.timeseries(
      'Age of kubelet processes',
      "Time since each kubelet's process started, as it says itself, and since the latest event of a start; a kubelet in a loop never grows old.",
      's',
      [
        g.target('time() - max by (node) (kubevitals_kubelet_restarts_process_start_timestamp_seconds{%(panel)s, node=~"$node"})' % c, '{{node}} process'),
        g.target('time() - max by (node) (kubevitals_kubelet_restarts_last_start_timestamp_seconds{%(panel)s, node=~"$node"})' % c, '{{node}} event'),
      ],
      { alerts: ['KubeVitalsKubeletRestartLoop'], mayBeEmpty: true },
    ),
  ],
}
