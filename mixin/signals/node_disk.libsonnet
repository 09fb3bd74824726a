// The disk of a node fills up until its kubelet evicts pods.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local target = c.by + ', node, filesystem',
  local k = c { target: target },
  name: 'node_disk',
  area: 'nodes',
  slow: true,
  rules: [
    // Only of disks for which it is predicted: looking back at all of them would cost too much.
    {
      record: 'kubevitals:node_disk_headroom_small:ratio',
      expr: 'min by (%(target)s, resource) (kubevitals_node_disk_headroom_ratio{%(selector)s}) < %(nodeDiskPredictBelow)g\n' % k,
    },
  ],
  alerts: [
    {
      alert: 'KubeVitalsNodeDiskPressure',
      each: 'node',
      severity: 'warning',
      fault: 'disk_pressure',
      expr: |||
        max by (%(by)s, node) (kubevitals_node_disk_pressure{%(selector)s}) == 1
      ||| % c,
      'for': '5m',
      keep_firing_for: '5m',
      summary: 'A node is short of disk: its kubelet evicts pods if nothing else frees enough.',
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s reports disk pressure: it removes dead containers and unused images, and evicts pods where that does not free enough. No new pods are placed there.%(short)s',
      values: {
        short: promql.list(
          c,
          'label_join(min by (filesystem, resource) (kubevitals_node_disk_headroom_ratio{%%s, node=%%[2]q}) < %g, "name", " ", "filesystem", "resource")' % c.nodeDiskHeadroomRatio,
          ['node'],
          'name',
          ' Short of: ',
          '.'
        ),
      },
    },
    {
      alert: 'KubeVitalsNodeDiskHeadroomLow',
      each: 'node',
      severity: 'warning',
      expr: |||
        min by (%(target)s, resource) (kubevitals_node_disk_headroom_ratio{%(selector)s}) < %(nodeDiskHeadroomRatio)g
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_disk_pressure{%(selector)s}) == 1
      ||| % k,
      'for': '15m',
      summary: "A node's disk is about to reach the point at which its kubelet evicts pods.",
      explainedBy: why.on(['node'], ['KubeVitalsNodeDiskPressure']),
      description: '{{ $labels.filesystem }} of node {{ $labels.node }} of cluster %(cluster)s has {{ if lt $value 0.0 }}fewer {{ $labels.resource }} left than its kubelet begins to evict pods at{{ else }}{{ $value | humanizePercentage }} of its {{ $labels.resource }} left before pods are evicted{{ end }}.',
    },
    {
      alert: 'KubeVitalsNodeDiskFillingUp',
      each: 'node',
      severity: 'warning',
      expr: |||
        predict_linear(kubevitals:node_disk_headroom_small:ratio[3h], %(nodeDiskPredictHours)s * 3600) < 0
        and on (%(target)s, resource)
        min by (%(target)s, resource) (kubevitals_node_disk_headroom_ratio{%(selector)s}) < %(nodeDiskPredictBelow)g
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_disk_pressure{%(selector)s}) == 1
      ||| % k,
      'for': '30m',
      summary: "A node's disk will reach the point of eviction within hours.",
      explainedBy: why.on(['node'], ['KubeVitalsNodeDiskPressure']) + why.on(['node', 'filesystem', 'resource'], ['KubeVitalsNodeDiskHeadroomLow']),
      description: '{{ $labels.filesystem }} of node {{ $labels.node }} of cluster %(cluster)s runs out of {{ $labels.resource }} within %(nodeDiskPredictHours)s hours if it goes on filling as it does.',
    },
    {
      alert: 'KubeVitalsNodeDiskImageGCStuck',
      each: 'node',
      severity: 'warning',
      // The threshold bears the name of the filesystem that images are on.
      expr: |||
        max by (%(by)s, node) (
          1 - max by (%(target)s) (kubevitals_node_disk_available_bytes{%(selector)s})
            / max by (%(target)s) (kubevitals_node_disk_capacity_bytes{%(selector)s} > 0)
          > on (%(target)s)
          max by (%(target)s) (kubevitals_node_disk_image_gc_high_threshold_ratio{%(selector)s})
        )
      ||| % k,
      'for': '30m',
      summary: 'Image garbage collection cannot free enough disk on a node.',
      explainedBy: why.on(['node'], ['KubeVitalsNodeDiskPressure']) + why.on(['node'], ['KubeVitalsNodeDiskHeadroomLow'], { inhibits: false }),
      description: 'The image filesystem of node {{ $labels.node }} of cluster %(cluster)s is {{ $value | humanizePercentage }} full, above the point at which its kubelet removes unused images, as it does every five minutes: what fills it while that lasts is in use or no image.',
    },
  ],
  panels: [
    g.timeseries(
      'Headroom before eviction',
      'Share of each filesystem that is left before the kubelet evicts pods; below 0 it does.',
      'percentunit',
      [g.target('min by (node, filesystem, resource) (kubevitals_node_disk_headroom_ratio{%(panel)s, node=~"$node"})' % k, '{{node}} {{filesystem}} {{resource}}')],
      { signed: true, alerts: ['KubeVitalsNodeDiskHeadroomLow', 'KubeVitalsNodeDiskFillingUp'], threshold: k.nodeDiskHeadroomRatio, below: true },
    ),
    g.timeseries(
      'Filesystems that fill up',
      'Share that is left before the kubelet evicts pods, of the filesystems that have so little left that the end is predicted.',
      'percentunit',
      [g.target('min by (node, filesystem, resource) (kubevitals:node_disk_headroom_small:ratio{%s="$cluster", node=~"$node"})' % c.clusterLabel, '{{node}} {{filesystem}} {{resource}}')],
      { signed: true, alerts: ['KubeVitalsNodeDiskFillingUp'], mayBeEmpty: true },
    ),
    g.stateTimeline(
      'Nodes under disk pressure',
      'Nodes that report disk pressure, and nothing of those that do not.',
      [g.target('max by (node) (kubevitals_node_disk_pressure{%(panel)s, node=~"$node"})' % k, '{{node}}')],
      { alerts: ['KubeVitalsNodeDiskPressure'], badWhen: 1, mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes by disk pressure',
      'Number of nodes that report disk pressure, that report none, and of which it is not known.',
      'short',
      [g.target('max by (status) (kubevitals_node_disk_pressure_nodes{%(panel)s})' % k, '{{status}}')],
      { alerts: ['KubeVitalsNodeDiskPressure'] },
    ),
    g.timeseries(
      'Bytes available',
      'Bytes available on each filesystem, and the eviction threshold.',
      'bytes',
      [
        g.target('min by (node, filesystem) (kubevitals_node_disk_available_bytes{%(panel)s, node=~"$node"})' % k, '{{node}} {{filesystem}}'),
        g.target('min by (node, filesystem) (kubevitals_node_disk_available_bytes{%(panel)s, node=~"$node"}) - min by (node, filesystem) (kubevitals_node_disk_headroom_ratio{%(panel)s, node=~"$node", resource="bytes"}) * max by (node, filesystem) (kubevitals_node_disk_capacity_bytes{%(panel)s, node=~"$node"})' % k, '{{node}} {{filesystem}} threshold'),
      ],
    ),
    g.timeseries(
      'Inodes free',
      'Inodes free on each filesystem, and the eviction threshold.',
      'short',
      [
        g.target('min by (node, filesystem) (kubevitals_node_disk_inodes_free{%(panel)s, node=~"$node"})' % k, '{{node}} {{filesystem}}'),
        g.target('min by (node, filesystem) (kubevitals_node_disk_inodes_free{%(panel)s, node=~"$node"}) - min by (node, filesystem) (kubevitals_node_disk_headroom_ratio{%(panel)s, node=~"$node", resource="inodes"}) * max by (node, filesystem) (kubevitals_node_disk_inodes{%(panel)s, node=~"$node"})' % k, '{{node}} {{filesystem}} threshold'),
      ],
    ),
    g.timeseries(
      'Image filesystem in use',
      'Share of the image filesystem in use, and the share at which image garbage collection begins.',
      'percentunit',
      [
        g.target('max by (node) (1 - max by (node, filesystem) (kubevitals_node_disk_available_bytes{%(panel)s, node=~"$node"}) / max by (node, filesystem) (kubevitals_node_disk_capacity_bytes{%(panel)s, node=~"$node"} > 0) and on (node, filesystem) max by (node, filesystem) (kubevitals_node_disk_image_gc_high_threshold_ratio{%(panel)s, node=~"$node"}))' % k, '{{node}}'),
        g.target('max(kubevitals_node_disk_image_gc_high_threshold_ratio{%(panel)s, node=~"$node"})' % k, 'collection begins'),
      ],
      { alerts: ['KubeVitalsNodeDiskImageGCStuck'] },
    ),
    g.timeseries(
      'Inodes in use',
      'Share of the inodes of each filesystem in use.',
      'percentunit',
      [g.target('1 - min by (node, filesystem) (kubevitals_node_disk_inodes_free{%(panel)s, node=~"$node"}) / max by (node, filesystem) (kubevitals_node_disk_inodes{%(panel)s, node=~"$node"} > 0)' % k, '{{node}} {{filesystem}}')],
    ),
  ],
}
