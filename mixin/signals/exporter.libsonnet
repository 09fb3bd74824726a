// kubevitals itself is down, failing or blind.
local g = import '../../dashboards/grafana.libsonnet';

function(c) {
  name: 'exporter',
  area: 'exporter',
  foreign: { up: c.selector },
  alerts: [
    {
      alert: 'KubeVitalsDown',
      severity: 'warning',
      expr: |||
        max by (%(by)s) (up{%(selector)s}) == 0
      ||| % c,
      'for': '5m',
      summary: 'kubevitals cannot be scraped.',
      description: 'No instance of kubevitals in cluster %(cluster)s could be scraped for 5 minutes. None of its alerts can fire.' % c,
    },
    {
      alert: 'KubeVitalsTargetMissing',
      severity: 'warning',
      expr: |||
        group by (%(by)s) (last_over_time(up{%(selector)s}[1d]))
        unless on (%(by)s)
        group by (%(by)s) (up{%(selector)s})
      ||| % c,
      'for': '10m',
      summary: 'kubevitals was scraped within the last day and is no longer a target.',
      description: 'Prometheus had a target for kubevitals in cluster %(cluster)s within the last day and has none now. None of its alerts can fire.' % c,
    },
    {
      alert: 'KubeVitalsCollectorFailing',
      severity: 'warning',
      expr: |||
        max by (%(by)s, collector) (kubevitals_scrape_collector_success{%(selector)s}) == 0
        unless on (%(by)s)
        min by (%(by)s) (max by (%(by)s, source) (kubevitals_source_available{%(selector)s})) == 0
      ||| % c,
      'for': '15m',
      summary: 'A collector of kubevitals fails though its sources can be read.',
      description: 'Collector {{ $labels.collector }} of kubevitals in cluster %(cluster)s has failed for 15 minutes, so its alerts cannot fire.' % c,
    },
    {
      alert: 'KubeVitalsSourceUnavailable',
      severity: 'warning',
      expr: |||
        (
          max by (%(by)s, source, reason) (kubevitals_source_available{%(selector)s}) == 0
          unless on (%(by)s, source)
          max by (%(by)s, source) (kubevitals_source_available{%(selector)s}) == 1
        )
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_apiserver_up{%(selector)s}) == 0
      ||| % c,
      'for': '10m',
      summary: 'kubevitals cannot read a part of the cluster and is blind there.',
      description: 'kubevitals in cluster %(cluster)s cannot read {{ $labels.source }}: {{ $labels.reason }}. The signals that depend on it are absent.' % c,
    },
    {
      alert: 'KubeVitalsKubeletsUnreadable',
      severity: 'warning',
      expr: |||
        count by (%(by)s, endpoint, reason) (max by (%(by)s, node, endpoint, reason) (kubevitals_kubelet_available{%(selector)s}) == 0)
          / on (%(by)s, endpoint) group_left ()
          count by (%(by)s, endpoint) (max by (%(by)s, node, endpoint) (kubevitals_kubelet_available{%(selector)s}))
        > %(kubeletBlindRatio)s
      ||| % c,
      'for': '15m',
      summary: 'kubevitals cannot read a good part of the kubelets.',
      description: 'kubevitals in cluster %(cluster)s cannot read {{ $labels.endpoint }} of {{ $value | humanizePercentage }} of the kubelets: {{ $labels.reason }}.' % c,
    },
  ],
  panels: [
    g.stateTimeline(
      'Sources',
      'Whether kubevitals can read each of its sources.',
      [g.target('max by (source) (kubevitals_source_available{%(panel)s})' % c, '{{source}}')],
      { alerts: ['KubeVitalsSourceUnavailable'] },
    ),
    g.stateTimeline(
      'Collectors',
      'Whether each collector told the whole truth in the last scrape.',
      [g.target('max by (collector) (kubevitals_scrape_collector_success{%(panel)s})' % c, '{{collector}}')],
      { alerts: ['KubeVitalsCollectorFailing'] },
    ),
    g.stateTimeline(
      'Instances',
      'Whether Prometheus could scrape each instance of kubevitals.',
      [g.target('max by (instance) (up{%(panel)s})' % c, '{{instance}}')],
      { alerts: ['KubeVitalsDown', 'KubeVitalsTargetMissing'] },
    ),
    g.timeseries(
      'Kubelets that cannot be read',
      'Number of kubelets that cannot be read, by endpoint and reason.',
      'short',
      [g.target('count by (endpoint, reason) (max by (node, endpoint, reason) (kubevitals_kubelet_available{%(panel)s}) == 0)' % c, '{{endpoint}} {{reason}}')],
      { alerts: ['KubeVitalsKubeletsUnreadable'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Time since a source proved good',
      'Age of what kubevitals knows of each source; a quiet source is confirmed about once a minute.',
      's',
      [g.target('time() - max by (source) (kubevitals_source_last_success_timestamp_seconds{%(panel)s})' % c, '{{source}}')],
    ),
    g.timeseries(
      'Collector duration',
      'Time that each collector took.',
      's',
      [g.target('max by (collector) (kubevitals_scrape_collector_duration_seconds{%(panel)s})' % c, '{{collector}}')],
    ),
  ],
}
