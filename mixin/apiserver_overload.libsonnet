// API servers that refuse requests or let them wait, by what they say themselves: to
// Prometheus, or to kubevitals, which a check looks at. The signal apiserver takes these.
local g = import '../dashboards/grafana.libsonnet';
local why = import 'causes.libsonnet';
local promql = import 'promql.libsonnet';

function(c) {
  local panel = '%(apiserverSelector)s, %(clusterLabel)s="$cluster"' % c,
  // Requests whose client went away while they waited were not refused; kubevitals does not
  // count them.
  local refused = 'apiserver_flowcontrol_rejected_requests_total{%s, reason!="cancelled"%s}',
  local seen = 'max by (%s, server, priority_level, flow_schema) (rate(kubevitals_apiserver_rejected_requests_total{%s%s}[5m]))',

  foreign: {
    apiserver_flowcontrol_rejected_requests_total: c.apiserverSelector,
    apiserver_flowcontrol_request_wait_duration_seconds_bucket: c.apiserverSelector,
    apiserver_request_total: c.apiserverSelector,
  },
  alerts: [
    {
      alert: 'KubeVitalsAPIServerRejecting',
      each: 'priority_level',
      severity: 'warning',
      explainedBy: why.ofCluster(['KubeVitalsEtcdSlow', 'KubeVitalsWebhookSlow'], { inhibits: false }),
      expr: |||
        (
          sum by (%(by)s, priority_level) (rate(%(refused)s[5m]))
          or
          sum by (%(by)s, priority_level) (%(seen)s)
        ) > %(apiserverRejectedPerSecond)g
      ||| % (c { refused: refused % [c.apiserverSelector, ''], seen: seen % [c.by, c.selector, ''] }),
      'for': '1m',
      summary: 'API servers refuse requests, because they have too many.',
      description: 'API servers of cluster %(cluster)s refuse {{ $value | humanize }} requests a second of priority level {{ $labels.priority_level }} with 429%(flows)s. Clients retry, and what they do is delayed.',
      values: {
        flows: promql.list(
          c,
          '(sum by (flow_schema) (rate(%s[5m])) or sum by (flow_schema) (%s)) > 0' % [
            refused % [c.apiserverSelector, ', %s=%%[1]q, priority_level=%%[2]q' % c.clusterLabel],
            seen % [c.by, '%s', ', priority_level=%[2]q'],
          ],
          ['priority_level'],
          'flow_schema',
          ', of the flow schemas ',
          ''
        ),
      },
    },
    {
      alert: 'KubeVitalsAPIServerQueueing',
      each: 'priority_level',
      severity: 'warning',
      explainedBy: why.on(['priority_level'], ['KubeVitalsAPIServerRejecting']) + why.ofCluster(['KubeVitalsEtcdSlow', 'KubeVitalsWebhookSlow'], { inhibits: false }),
      expr: |||
        histogram_quantile(0.99, sum by (%(by)s, priority_level, le) (rate(apiserver_flowcontrol_request_wait_duration_seconds_bucket{%(apiserverSelector)s}[5m]))) > %(apiserverQueueSeconds)s
      ||| % c,
      'for': '5m',
      summary: 'Requests wait a long time before API servers begin with them.',
      description: 'One in a hundred requests of priority level {{ $labels.priority_level }} waits {{ $value | humanizeDuration }} or more before an API server of cluster %(cluster)s begins with it: the level has more requests than its share allows at once.',
    },
  ],
  panels: [
    g.timeseries(
      'Requests refused',
      'Requests that API servers refuse because they have too many, by priority level, and answers with the code 429 of any reason but evictions that a budget forbids.',
      'ops',
      [
        g.target('sum by (priority_level) (rate(%s[$__rate_interval])) > 0' % (refused % [panel, '']), '{{priority_level}}'),
        g.target('sum by (priority_level) (max by (server, priority_level, flow_schema) (rate(kubevitals_apiserver_rejected_requests_total{%s}[$__rate_interval]))) > 0' % c.panel, '{{priority_level}}, seen by kubevitals'),
        g.target('sum(rate(apiserver_request_total{%s, code="429", subresource!="eviction"}[$__rate_interval])) > 0' % panel, '429'),
      ],
      { alerts: ['KubeVitalsAPIServerRejecting'], threshold: c.apiserverRejectedPerSecond, mayBeEmpty: true },
    ),
    g.timeseries(
      'API servers that have refused requests',
      'API servers by whether they have refused requests since they were started, because they had too many; of those whose metrics kubevitals cannot read it is not known.',
      'short',
      [g.target('max by (rejected) (kubevitals_apiserver_rejecting_servers{%(panel)s})' % c, '{{rejected}}')],
      { alerts: ['KubeVitalsAPIServerRejecting'] },
    ),
    g.timeseries(
      'Requests that wait, slowest hundredth',
      'Time that the slowest hundredth of the requests of each priority level waits at least before an API server begins with it.',
      's',
      [g.target('histogram_quantile(0.99, sum by (priority_level, le) (rate(apiserver_flowcontrol_request_wait_duration_seconds_bucket{%s}[$__rate_interval])))' % panel, '{{priority_level}}')],
      { alerts: ['KubeVitalsAPIServerQueueing'], threshold: c.apiserverQueueSeconds, mayBeEmpty: true },
    ),
  ],
}
