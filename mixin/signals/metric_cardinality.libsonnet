// A component's own metrics grow without end, and its memory with them.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  local target = c.by + ', component, node, server',
  local k = c { target: target },
  name: 'metric_cardinality',
  area: 'kubelets',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsReflectorMetricsLeak',
      each: 'instance',
      severity: 'warning',
      expr: |||
        max by (%(target)s) (kubevitals_metric_cardinality_informer_series{%(selector)s}) > %(cardinalityInformerSeries)s
      ||| % k,
      'for': '15m',
      summary: "The metrics of a component's reflectors leak.",
      explainedBy: why.on(['node'], ['KubeVitalsReflectorMetricsLeakMemory'], { where: { component: 'kubelet' } }),
      description: '{{ $labels.component }} {{ $labels.node }}{{ $labels.server }} of cluster %(cluster)s has {{ $value }} series of reflectors and informers. Every watch that ever existed leaves some behind, and memory with them.',
    },
    {
      alert: 'KubeVitalsReflectorMetricsLeakMemory',
      each: 'instance',
      severity: 'warning',
      fault: 'kubelet_memory_leak',
      expr: |||
        max by (%(target)s) (kubevitals_metric_cardinality_resident_memory_bytes{%(selector)s, component="kubelet"}) > %(cardinalityLeakBytes)s
        and on (%(target)s)
        max by (%(target)s) (kubevitals_metric_cardinality_informer_series{%(selector)s}) > %(cardinalityInformerSeries)s
      ||| % k,
      'for': '15m',
      summary: 'A kubelet has leaked so much memory through its metrics that its node is in danger.',
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s holds {{ $value | humanize1024 }}B of memory, and its reflector metrics leak. When memory runs out, the kernel kills the kubelet or pods.',
    },
    {
      alert: 'KubeVitalsMetricCardinalityHigh',
      each: 'instance',
      severity: 'warning',
      expr: |||
        max by (%(target)s) (kubevitals_metric_cardinality_series{%(selector)s, component="kubelet"}) > %(cardinalityKubeletSeries)s
        or
        max by (%(target)s) (kubevitals_metric_cardinality_series{%(selector)s, component="kube-apiserver"}) > %(cardinalityAPIServerSeries)s
      ||| % k,
      'for': '30m',
      summary: 'A component exposes unusually many series of its own.',
      explainedBy: why.on(['component', 'node', 'server'], ['KubeVitalsReflectorMetricsLeak']),
      description: '{{ $labels.component }} {{ $labels.node }}{{ $labels.server }} of cluster %(cluster)s exposes {{ $value }} series of its own metrics.',
    },
    {
      alert: 'KubeVitalsMetricCardinalityGrowing',
      each: 'instance',
      severity: 'warning',
      // The most of half a day, a day ago, looked at each hour: at one moment of it the
      // component may just have been started again, and had few.
      expr: |||
        max by (%(target)s) (kubevitals_metric_cardinality_series{%(selector)s}) > %(cardinalityGrowthMinimum)s
        and on (%(target)s)
        max by (%(target)s) (kubevitals_metric_cardinality_series{%(selector)s})
          > %(cardinalityGrowthFactor)s * max by (%(target)s) (max_over_time(kubevitals_metric_cardinality_series{%(selector)s}[12h:1h] offset 18h))
      ||| % k,
      'for': '1h',
      summary: "A component's own metrics have multiplied within a day.",
      explainedBy: why.on(['component', 'node', 'server'], ['KubeVitalsReflectorMetricsLeak', 'KubeVitalsMetricCardinalityHigh']),
      description: '{{ $labels.component }} {{ $labels.node }}{{ $labels.server }} of cluster %(cluster)s exposes {{ $value }} series, more than %(cardinalityGrowthFactor)s times as many as a day ago.',
    },
    {
      alert: 'KubeVitalsMetricCardinalityTruncated',
      each: 'instance',
      severity: 'info',
      expr: |||
        max by (%(target)s) (kubevitals_metric_cardinality_truncated{%(selector)s}) == 1
      ||| % k,
      'for': '15m',
      summary: "A component's metrics are larger than kubevitals reads.",
      explainedBy: why.on(['component', 'node', 'server'], ['KubeVitalsReflectorMetricsLeak', 'KubeVitalsMetricCardinalityHigh']),
      description: 'The metrics of {{ $labels.component }} {{ $labels.node }}{{ $labels.server }} of cluster %(cluster)s reach a limit; their counts are lower bounds.',
    },
  ],
  panels: [
    g.timeseries(
      'Series by kubelet',
      "Series in each kubelet's own metrics.",
      'short',
      [g.target('max by (node) (kubevitals_metric_cardinality_series{%(panel)s, component="kubelet", node=~"$node"})' % k, '{{node}}')],
      { alerts: ['KubeVitalsMetricCardinalityHigh', 'KubeVitalsMetricCardinalityGrowing'], threshold: k.cardinalityKubeletSeries },
    ),
    g.timeseries(
      'Series of reflectors and informers',
      'Series of the families that leak when every watch leaves some behind.',
      'short',
      [g.target('max by (component, node, server) (kubevitals_metric_cardinality_informer_series{%(panel)s})' % k, '{{component}} {{node}}{{server}}')],
      { alerts: ['KubeVitalsReflectorMetricsLeak'], threshold: k.cardinalityInformerSeries, mayBeEmpty: true },
    ),
    g.timeseries(
      'Resident memory',
      'Memory of each component as it reports it.',
      'bytes',
      [g.target('max by (component, node, server) (kubevitals_metric_cardinality_resident_memory_bytes{%(panel)s})' % k, '{{component}} {{node}}{{server}}')],
      { alerts: ['KubeVitalsReflectorMetricsLeakMemory'], threshold: k.cardinalityLeakBytes },
    ),
    g.table(
      'Largest families',
      'The largest families of each component, of those with many series.',
      [g.column('topk(20, max by (component, node, server, family) (kubevitals_metric_cardinality_family_series{%(panel)s, node=~"$node|"}))' % k, 'Series')],
      { mayBeEmpty: true },
    ),
    g.timeseries(
      'Series by API server',
      "Series in each API server's own metrics.",
      'short',
      [g.target('max by (server) (kubevitals_metric_cardinality_series{%(panel)s, component="kube-apiserver"})' % k, '{{server}}')],
      { alerts: ['KubeVitalsMetricCardinalityHigh'], threshold: k.cardinalityAPIServerSeries },
    ),
    g.table(
      'Metrics that are not read to their end',
      'Components of whose own metrics kubevitals reads less than there is.',
      [g.column('max by (component, node, server) (kubevitals_metric_cardinality_truncated{%(panel)s}) == 1' % k)],
      { alerts: ['KubeVitalsMetricCardinalityTruncated'], mayBeEmpty: true },
    ),
  ],
}
