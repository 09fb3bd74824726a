// kubevitals itself is down, failing or blind.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(config) {
  local c = config + (import '../node_agents.libsonnet')(config),

  // What was written is known from writes that succeed, and that they do not is told by
  // KubeVitalsAPIServerWritesFailing.
  local versionsUnknown = 'label_replace(max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="write", result=~"failed|timeout|overloaded|error"}) == 1, "collector", "stale_reads", "", "")' % c,

  name: 'exporter',
  area: 'exporter',
  slow: true,
  beyond_guide: 'the guide does not know kubevitals itself, which must be watched like anything else',
  foreign: { up: [c.selector, c.nodeSelector] },
  rules: [
    { record: 'kubevitals:node_agent:count', expr: 'count by (%(by)s) (max by (%(by)s, instance) (up{%(nodeSelector)s}))\n' % c },
  ],
  alerts: [
    {
      alert: 'KubeVitalsDown',
      severity: 'warning',
      expr: |||
        max by (%(by)s) (up{%(selector)s}) == 0
      ||| % c,
      'for': '5m',
      summary: 'kubevitals cannot be scraped.',
      description: 'No instance of kubevitals in cluster %(cluster)s can be scraped. None of its alerts can fire.',
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
      explainedBy: why.ofCluster(['KubeVitalsDown']),
      description: 'Prometheus had a target for kubevitals in cluster %(cluster)s within the last day and has none now. None of its alerts can fire.',
    },
    {
      alert: 'KubeVitalsCollectorFailing',
      each: 'collector',
      severity: 'warning',
      expr: |||
        max by (%(by)s, collector) (kubevitals_scrape_collector_success{%(selector)s}) == 0
        unless on (%(by)s)
        min by (%(by)s) (max by (%(by)s, source) (kubevitals_source_available{%(selector)s})) == 0
        unless on (%(by)s, collector)
        %(versionsUnknown)s
      ||| % (c { versionsUnknown: versionsUnknown }),
      'for': '15m',
      summary: 'A collector of kubevitals fails though its sources can be read.',
      explainedBy: why.nothingRead,
      description: 'Collector {{ $labels.collector }} of kubevitals in cluster %(cluster)s fails, so its alerts cannot fire.',
    },
    {
      alert: 'KubeVitalsSourceUnavailable',
      each: 'source',
      severity: 'warning',
      // The reason changes while the source stays unreadable, and replicas may have
      // different ones: it is looked up for the text.
      expr: |||
        max by (%(by)s, source) (kubevitals_source_available{%(selector)s}) == 0
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_apiserver_up{%(selector)s}) == 0
      ||| % c,
      'for': '10m',
      summary: 'kubevitals cannot read a part of the cluster and is blind there.',
      explainedBy: why.nothingRead,
      description: 'kubevitals in cluster %(cluster)s cannot read {{ $labels.source }}: %(reasons)s. The signals that depend on it are absent.',
      values: {
        reasons: promql.each(c, 'max by (reason) (kubevitals_source_available{%s, source=%[2]q} == 0)', ['source'], 'reason', '{{ $one.Labels.reason }}'),
      },
    },
    {
      alert: 'KubeVitalsSourceStale',
      each: 'source',
      severity: 'warning',
      // kubevitals itself calls a source stale that is older than its bound. This is for
      // when that fails, or when what is scraped is not what kubevitals says now.
      expr: |||
        min by (%(by)s, source) (
          timestamp(kubevitals_source_last_success_timestamp_seconds{%(selector)s})
          - kubevitals_source_last_success_timestamp_seconds{%(selector)s}
        )
        > on (%(by)s, source)
        (max by (%(by)s, source) (kubevitals_source_max_age_seconds{%(selector)s}) + %(sourceStaleSlackSeconds)s)
        and on (%(by)s, source)
        max by (%(by)s, source) (kubevitals_source_available{%(selector)s}) == 1
      ||| % c,
      'for': '2m',
      summary: 'kubevitals counts a source as available, but the last proof of that is old.',
      explainedBy: why.nothingRead,
      description: 'kubevitals in cluster %(cluster)s says that it can read {{ $labels.source }}, but the last proof of that is {{ $value | humanizeDuration }} old. What it says about that may be out of date.',
    },
    {
      alert: 'KubeVitalsKubeletsUnreadable',
      severity: 'warning',
      // One alert, of the endpoint that fails at most kubelets: what is wrong for all
      // is wrong for each endpoint. A node that is not ready is told of as such.
      expr: |||
        max by (%(by)s) (
          count by (%(by)s, endpoint) (
            %(kubelets)s == 0
            unless on (%(by)s, node)
            max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0
          )
          / on (%(by)s, endpoint)
          count by (%(by)s, endpoint) (%(kubelets)s)
        )
        > %(kubeletBlindRatio)g
      ||| % (c { kubelets: 'max by (%(by)s, node, endpoint) (kubevitals_kubelet_available{%(selector)s})' % c }),
      'for': '15m',
      summary: 'kubevitals cannot read more than %d%% of the kubelets.' % std.round(100 * c.kubeletBlindRatio),
      explainedBy: why.nothingRead + why.ofCluster(['KubeVitalsNodesNotReady', 'KubeVitalsZonesCutOff'], { inhibits: false })
                   + why.ofCluster(['KubeVitalsKubeletServingCertificateExpiring'], { when: { state: 'expired' }, inhibits: false })
                   // Rights that are taken away are those to kubelets, too.
                   + why.ofCluster(['KubeVitalsSourceUnavailable'], { when: { source: 'nodes' }, inhibits: false }),
      description: 'kubevitals in cluster %(cluster)s cannot read {{ $value | humanizePercentage }} of the kubelets: %(endpoints)s.',
      values: {
        endpoints: promql.each(
          c,
          'count by (endpoint, reason) (max by (node, endpoint, reason) (kubevitals_kubelet_available{%s} == 0) unless on (node, endpoint) kubevitals_kubelet_available{%s} == 1 unless on (node) max by (node) (kubevitals_node_readiness_ready{%s}) == 0)',
          [],
          'endpoint',
          '{{ $one.Labels.endpoint }} of {{ $one.Value }} ({{ $one.Labels.reason }})'
        ),
      },
    },
    {
      alert: 'KubeVitalsNodeAgentsDown',
      severity: 'warning',
      // A dead node takes its agent along, and has an alert of its own. Where each node
      // that needs one has an agent, one that is down is a second on its node, or on a node
      // that cannot run any.
      expr: |||
        %(agentsDownForLong)s
        > on (%(by)s)
        (
          count by (%(by)s) (max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s}))
          or on (%(by)s)
          %(none)s
        )
        unless on (%(by)s)
        (
          group by (%(by)s) (%(needing)s)
          unless on (%(by)s)
          (
            %(lacking)s
          )
        )
      ||| % (c { lacking: promql.indent(promql.indent(promql.indent(c.lacking))) }),
      'for': '5m',
      summary: 'Agents of kubevitals on nodes cannot be scraped.',
      explainedBy: why.ofCluster(['KubeVitalsNodesNotReady', 'KubeVitalsZonesCutOff', 'KubeVitalsNetworkFailing'], { inhibits: false }),
      description: 'Agents of kubevitals in cluster %(cluster)s that cannot be scraped: {{ $value }}, which is more than nodes are not ready. What only a node can see is a blind spot there.',
    },
    {
      alert: 'KubeVitalsNodesWithoutAgent',
      severity: 'info',
      expr: |||
        count by (%(by)s) (
          %(lacking)s
        )
        > on (%(by)s)
        (
          %(agentsDown)s
          or on (%(by)s)
          %(none)s
        )
      ||| % (c { lacking: promql.indent(c.lacking) }),
      'for': '30m',
      summary: 'Nodes that are ready have no agent of kubevitals, though others have.',
      description: 'Ready nodes of cluster %(cluster)s that have no agent of kubevitals: {{ $value }}. There were agents within the last day. What only a node can see is a blind spot there.',
    },
    {
      alert: 'KubeVitalsNodeAgentSourceUnavailable',
      each: 'source',
      severity: 'warning',
      expr: |||
        count by (%(by)s, source) (
          max by (%(by)s, instance, source) (kubevitals_source_available{%(nodeSelector)s} == 0)
          unless on (%(by)s, instance, source)
          kubevitals_source_available{%(nodeSelector)s} == 1
        )
      ||| % c,
      'for': '15m',
      summary: 'Agents of kubevitals on nodes cannot read a part of what they are to watch.',
      description: 'Agents of kubevitals in cluster %(cluster)s that cannot read {{ $labels.source }}: {{ $value }} (%(reasons)s). The signals that depend on it are absent for their nodes.',
      values: {
        reasons: promql.each(
          c,
          'count by (reason) (max by (instance, reason) (kubevitals_source_available{%s, source=%[2]q} == 0))',
          ['source'],
          'reason',
          '{{ $one.Labels.reason }}: {{ $one.Value }}',
          c.nodeSelector
        ),
      },
    },
    {
      alert: 'KubeVitalsNodeAgentSourceStale',
      each: 'source',
      severity: 'warning',
      // Only those that are older than the slack can be older than the bound with it: what
      // is fresh, as nearly all are, is left out before anything is put together.
      expr: |||
        count by (%(by)s, source) (
          max by (%(by)s, instance, source) (
            timestamp(kubevitals_source_last_success_timestamp_seconds{%(nodeSelector)s})
            - (%(old)s)
          )
          > on (%(by)s, instance, source)
          (
            max by (%(by)s, instance, source) (
              kubevitals_source_max_age_seconds{%(nodeSelector)s}
              and on (%(by)s, instance, source)
              %(old)s
            )
            + %(sourceStaleSlackSeconds)s
          )
          unless on (%(by)s, instance, source)
          (
            kubevitals_source_available{%(nodeSelector)s} == 0
            unless on (%(by)s, instance, source)
            kubevitals_source_available{%(nodeSelector)s} == 1
          )
        )
      ||| % (c { old: 'kubevitals_source_last_success_timestamp_seconds{%(nodeSelector)s} < time() - %(sourceStaleSlackSeconds)s' % c }),
      'for': '2m',
      summary: 'Agents of kubevitals on nodes count a source as available, but the last proof of that is old.',
      description: 'Agents of kubevitals in cluster %(cluster)s that say that they can read {{ $labels.source }}, though the last proof of that is too old: {{ $value }}. What they say about that may be out of date.',
    },
    {
      alert: 'KubeVitalsNodeAgentCollectorFailing',
      each: 'collector',
      severity: 'warning',
      expr: |||
        count by (%(by)s, collector) (
          max by (%(by)s, instance, collector) (kubevitals_scrape_collector_success{%(nodeSelector)s}) == 0
          unless on (%(by)s, instance)
          kubevitals_source_available{%(nodeSelector)s} == 0
        )
      ||| % c,
      'for': '15m',
      summary: 'A collector fails on agents of kubevitals though their sources can be read.',
      description: 'Agents of kubevitals in cluster %(cluster)s on which collector {{ $labels.collector }} fails: {{ $value }}. Its alerts cannot fire for their nodes.',
    },
    {
      alert: 'KubeVitalsSeriesLeftOut',
      each: 'collector',
      severity: 'info',
      expr: |||
        max by (%(by)s, collector, reason) (
          kubevitals_scrape_series_left_out{%(selector)s}
          or
          kubevitals_scrape_series_left_out{%(nodeSelector)s}
        ) > 0
      ||| % c,
      'for': '15m',
      summary: 'kubevitals leaves series out: they exceed its limit, or their values are impossible.',
      description: 'Collector {{ $labels.collector }} of kubevitals in cluster %(cluster)s leaves {{ $value }} series out ({{ $labels.reason }}). Whatever they are about is a blind spot.',
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
      'Age of what kubevitals knows of each source when it was scraped, and how old it may be.',
      's',
      [
        g.target('min by (source) (timestamp(kubevitals_source_last_success_timestamp_seconds{%(panel)s}) - kubevitals_source_last_success_timestamp_seconds{%(panel)s})' % c, '{{source}}'),
        g.target('max by (source) (kubevitals_source_max_age_seconds{%(panel)s})' % c, '{{source}}: bound'),
      ],
      { alerts: ['KubeVitalsSourceStale'] },
    ),
    g.timeseries(
      'Collector duration',
      'Time that each collector took.',
      's',
      [g.target('max by (collector) (kubevitals_scrape_collector_duration_seconds{%(panel)s})' % c, '{{collector}}')],
    ),
    g.timeseries(
      'Series left out',
      'Series that a collector leaves out: of those that anybody can make there is a bound, and values that cannot be are not told.',
      'short',
      [
        g.target('max by (collector, reason) (kubevitals_scrape_series_left_out{%(panel)s})' % c, '{{collector}} {{reason}}'),
        g.target('max by (collector, reason) (kubevitals_scrape_series_left_out{%(nodePanel)s})' % c, 'agents: {{collector}} {{reason}}'),
      ],
      { alerts: ['KubeVitalsSeriesLeftOut'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Agents on nodes',
      'Agents that Prometheus knows, those that could be scraped and those that could not, and ready nodes without an agent.',
      'short',
      [
        g.target('max(kubevitals:node_agent:count{%s="$cluster"})' % c.clusterLabel, 'targets'),
        g.target('count(max by (instance) (up{%(nodePanel)s}) == 1)' % c, 'scraped'),
        g.target('count(max by (instance) (up{%(nodePanel)s}) == 0)' % c, 'not scraped'),
        g.target('count(max by (node) (kubevitals_node_readiness_ready{%(panel)s}) == 1 unless on (node) max by (node) (kubevitals_node_readiness_not_linux{%(panel)s}) unless on (node) (max by (node) (kubevitals_node_apiserver_reachable{%(nodePanel)s}) or max by (node) (kubevitals_conntrack_active{%(nodePanel)s}) or max by (node) (kubevitals_kube_proxy_up{%(nodePanel)s})))' % c, 'ready nodes without agent'),
        g.target('count(max by (node) (kubevitals_node_readiness_not_ready{%(panel)s}))' % c, 'nodes that are not ready'),
      ],
      { alerts: ['KubeVitalsNodeAgentsDown', 'KubeVitalsNodesWithoutAgent'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Agents on nodes that are blind',
      'Agents that cannot read a source, by source and reason, and agents on which a collector fails.',
      'short',
      [
        g.target('count by (source, reason) (max by (instance, source, reason) (kubevitals_source_available{%(nodePanel)s}) == 0)' % c, '{{source}}: {{reason}}'),
        g.target('count by (collector) (max by (instance, collector) (kubevitals_scrape_collector_success{%(nodePanel)s}) == 0)' % c, 'collector {{collector}}'),
      ],
      { alerts: ['KubeVitalsNodeAgentSourceUnavailable', 'KubeVitalsNodeAgentCollectorFailing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Age of what agents know',
      'Time since the source that is worst off among all agents proved good when it was scraped, and how old it may be.',
      's',
      [
        g.target('max by (source) (timestamp(kubevitals_source_last_success_timestamp_seconds{%(nodePanel)s}) - kubevitals_source_last_success_timestamp_seconds{%(nodePanel)s})' % c, '{{source}}'),
        g.target('max by (source) (kubevitals_source_max_age_seconds{%(nodePanel)s})' % c, '{{source}}: bound'),
      ],
      { alerts: ['KubeVitalsNodeAgentSourceStale'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Collectors and sources of agents',
      'Collectors that ran and sources that are read, of the agent with the fewest and of the one with the most; agents of one version and one configuration have the same number.',
      'short',
      [
        g.target('%s(kubevitals_scrape_%s{%s})' % [of, what, c.nodePanel], '%s, %s' % [what, of])
        for what in ['collectors', 'sources']
        for of in ['min', 'max']
      ],
      { mayBeEmpty: true },
    ),
  ],
}
