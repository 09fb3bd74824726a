// The disk of the kubelet or the container runtime is full, read-only or dead,
// and the kubelet cannot say so.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  name: 'filesystem',
  area: 'node-agents',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsFilesystemReadOnly',
      each: 'node',
      severity: 'warning',
      fault: 'filesystem_read_only',
      expr: |||
        max by (%(by)s, node, root) (kubevitals_filesystem_read_only{%(nodeSelector)s}) == 1
      ||| % c,
      'for': '2m',
      summary: 'A disk that a node cannot do without is read-only.',
      description: 'The file system of {{ $labels.root }} on node {{ $labels.node }} of cluster %(cluster)s is mounted read-only: the kernel does so after errors of the disk. No container starts there, and those that run cannot write.',
    },
    {
      alert: 'KubeVitalsFilesystemDead',
      each: 'node',
      severity: 'warning',
      fault: 'filesystem_dead',
      expr: |||
        max by (%(by)s, node, root) (kubevitals_filesystem_state{%(nodeSelector)s, state=~"hangs|failed"}) == 1
        unless on (%(by)s, node, root)
        max by (%(by)s, node, root) (kubevitals_filesystem_state{%(nodeSelector)s, state="ok"}) == 1
      ||| % c,
      'for': '2m',
      summary: 'A disk that a node cannot do without does not answer.',
      description: 'The file system of {{ $labels.root }} on node {{ $labels.node }} of cluster %(cluster)s does not answer the kernel, or with an error only. Whatever touches it hangs or fails: the kubelet, the container runtime and the pods.',
    },
    {
      alert: 'KubeVitalsFilesystemFull',
      each: 'node',
      severity: 'warning',
      // Where the kubelet says how much is left, node_disk knows better, and by its thresholds.
      expr: |||
        min by (%(by)s, node, root, resource) (kubevitals_filesystem_free_ratio{%(nodeSelector)s}) < %(filesystemFreeRatio)g
        unless on (%(by)s, node)
        group by (%(by)s, node) (kubevitals_node_disk_available_bytes{%(selector)s})
      ||| % c,
      'for': '10m',
      summary: 'A disk of a node is nearly full, and kubevitals has no figures from its kubelet.',
      explainedBy: why.on(['node'], ['KubeVitalsNodeDiskPressure']),
      description: 'The file system of {{ $labels.root }} on node {{ $labels.node }} of cluster %(cluster)s has {{ $value | humanizePercentage }} of its {{ $labels.resource }} left, and kubevitals has no figures from the kubelet: whether pods are evicted in time is not known.',
    },
  ],
  panels: [
    g.timeseries(
      'Left on disks of kubelet and runtime',
      'Share of the bytes and inodes that is left, as the kernel says; a disk that holds several roots is drawn once.',
      'percentunit',
      [g.target('min by (node, root, resource) (kubevitals_filesystem_free_ratio{%(nodePanel)s, node=~"$node"})' % c, '{{node}} {{root}} {{resource}}')],
      { alerts: ['KubeVitalsFilesystemFull'], threshold: c.filesystemFreeRatio, below: true },
    ),
    g.stateTimeline(
      'Disks that do not answer',
      'Whether each disk hangs or answers with an error, and whether it is read-only.',
      [
        g.target('max by (node, root, state) (kubevitals_filesystem_state{%(nodePanel)s, node=~"$node", state!="ok"})' % c, '{{node}} {{root}} {{state}}'),
        g.target('max by (node, root) (kubevitals_filesystem_read_only{%(nodePanel)s, node=~"$node"})' % c, '{{node}} {{root}} read-only'),
      ],
      { alerts: ['KubeVitalsFilesystemDead', 'KubeVitalsFilesystemReadOnly'], badWhen: 1 },
    ),
    g.timeseries(
      'Bytes left, by the kernel and by the kubelet',
      "Share of the bytes that is left on disks of the kubelet and the runtime as the kernel says, and as the node's kubelet does.",
      'percentunit',
      [
        g.target('min by (node, root) (kubevitals_filesystem_free_ratio{%(nodePanel)s, node=~"$node", resource="bytes"})' % c, '{{node}} {{root}}'),
        g.target('min by (node, filesystem) (kubevitals_node_disk_available_bytes{%(panel)s, node=~"$node"}) / min by (node, filesystem) (kubevitals_node_disk_capacity_bytes{%(panel)s, node=~"$node"})' % c, '{{node}} {{filesystem}} by the kubelet'),
      ],
    ),
  ],
}
