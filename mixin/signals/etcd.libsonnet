// etcd is full, slow, without leader or without some of its members.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  local k = c {
    size: 'max by (%(by)s, endpoint) (kubevitals_etcd_db_size_bytes{%(selector)s})' % c,
    // A quota below 1 is none.
    quota: '(max by (%(by)s, endpoint) (kubevitals_etcd_db_quota_bytes{%(selector)s}) > 0)' % c,
    left: 'min by (%(by)s, endpoint) (kubevitals_etcd_certificate_expiry_timestamp_seconds{%(selector)s}) - time()' % c,
    alarm: 'max by (%(by)s) (kubevitals_etcd_health{%(selector)s, state=~"nospace|corrupt"}) == 1' % c,
    slowest: 'histogram_quantile(0.99, sum by (%(by)s, operation, le) (rate(etcd_request_duration_seconds_bucket{%(apiserverSelector)s, operation=~"get|create|update|delete"}[10m])))' % c,
    requests: 'sum by (%(by)s) (rate(etcd_requests_total{%(apiserverSelector)s}[5m]))' % c,
    errors: 'sum by (%(by)s) (rate(etcd_request_errors_total{%(apiserverSelector)s}[5m]))' % c,
  },
  local panel = '%(apiserverSelector)s, %(clusterLabel)s="$cluster"' % c,

  name: 'etcd',
  area: 'control-plane',
  seen: 'kubevitals_etcd_up',
  foreign: {
    etcd_request_duration_seconds_bucket: c.apiserverSelector,
    etcd_requests_total: c.apiserverSelector,
    etcd_request_errors_total: c.apiserverSelector,
    apiserver_storage_size_bytes: c.apiserverSelector,
  },
  alerts: [
    {
      alert: 'KubeVitalsEtcdAlarm',
      severity: 'critical',
      expr: |||
        max by (%(by)s, state) (kubevitals_etcd_health{%(selector)s, state=~"nospace|corrupt"}) == 1
      ||| % k,
      'for': '1m',
      summary: 'etcd has raised an alarm: it is out of space or its members differ.',
      description: 'etcd of cluster %(cluster)s has the alarm {{ $labels.state }}. With nospace it refuses every write until it is compacted and defragmented and the alarm is disarmed; with corrupt its members hold different data.',
    },
    {
      alert: 'KubeVitalsEtcdNoLeader',
      severity: 'critical',
      expr: |||
        (
          max by (%(by)s) (kubevitals_etcd_has_leader{%(selector)s}) == 0
          or
          max by (%(by)s) (kubevitals_etcd_up{%(selector)s}) == 0
        )
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe=~"read|write", result="ok"}) == 1
      ||| % k,
      // Those that are probed may be a minority that is cut off, or kubevitals may not reach
      // them: only a majority with a leader answers reads and writes.
      'for': '1m',
      summary: 'No member of etcd answers, or none knows a leader.',
      description: 'Of the members of etcd of cluster %(cluster)s that are probed none answers, or none knows a leader: there is no majority, or they are cut off from it. Without a majority nothing can be written.',
    },
    {
      alert: 'KubeVitalsEtcdMemberDown',
      each: 'etcd_member',
      severity: 'warning',
      expr: |||
        max by (%(by)s, endpoint) (kubevitals_etcd_up{%(selector)s}) == 0
      ||| % k,
      'for': '5m',
      summary: 'A member of etcd does not answer.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdNoLeader']) + why.on(['endpoint'], ['KubeVitalsEtcdCertificateExpiring'], { when: { state: 'expired' } }) + why.ofCluster(['KubeVitalsZonesCutOff', 'KubeVitalsNetworkFailing'], { inhibits: false }),
      description: 'The member of etcd at {{ $labels.endpoint }} of cluster %(cluster)s does not report its health: it is down, or kubevitals cannot reach it with its certificate.',
    },
    {
      alert: 'KubeVitalsEtcdCertificateExpiring',
      each: 'etcd_member',
      severity: 'warning',
      expr: |||
        label_replace(%(left)s <= 0, "state", "expired", "", "")
        or
        label_replace((%(left)s < %(etcdCertificateWarningDays)s * 86400) > 0, "state", "expiring", "", "")
      ||| % k,
      'for': '1m',
      summary: 'The certificate of a member of etcd has expired, or expires soon.',
      description: 'The certificate that the member of etcd at {{ $labels.endpoint }} of cluster %(cluster)s shows {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}. From then on{{ else }}expired {{ slice (humanizeDuration $value) 1 }} ago. Since then{{ end }} it takes no new connection of an API server, nor of another member that verifies it by the same certificate.',
    },
    {
      alert: 'KubeVitalsEtcdQuotaNear',
      each: 'etcd_member',
      severity: 'warning',
      expr: |||
        (
          %(size)s / %(quota)s > %(etcdQuotaRatio)g
          or
          (
            predict_linear(%(size)s[6h:5m], %(etcdPredictHours)s * 3600) > %(quota)s
            and on (%(by)s, endpoint)
            %(size)s / %(quota)s > %(etcdPredictAboveRatio)g
          )
        )
        unless on (%(by)s)
        %(alarm)s
      ||| % k,
      'for': '15m',
      summary: 'The database of etcd nears its quota, at which etcd refuses writes.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdAlarm'], { when: { state: 'nospace' } }),
      description: 'The database of the member of etcd at {{ $labels.endpoint }} of cluster %(cluster)s nears its quota: it fills a share of more than %(etcdQuotaRatio)g, or will fill all of it within %(etcdPredictHours)s hours. At the quota etcd raises the alarm NOSPACE and refuses every write.',
    },
    {
      alert: 'KubeVitalsEtcdLarge',
      severity: 'warning',
      // The API servers do not know the quota; whoever probes etcd itself does. A
      // database that has passed the default quota has a higher one, of 8 GiB most often.
      expr: |||
        (
          (
            %(stored)s > %(etcdLargeBytes)s
            and
            %(stored)s < 1.25 * %(etcdLargeBytes)s
            and
            predict_linear(%(stored)s[6h:5m], %(etcdPredictHours)s * 3600) > 1.25 * %(etcdLargeBytes)s
          )
          or
          %(stored)s > 4 * %(etcdLargeBytes)s
        )
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_etcd_db_quota_bytes{%(selector)s})
      ||| % (k { stored: 'max by (%(by)s) (apiserver_storage_size_bytes{%(apiserverSelector)s})' % c }),
      'for': '15m',
      summary: 'The database of etcd nears a quota that it may have.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdAlarm'], { when: { state: 'nospace' } }) + why.ofCluster(['KubeVitalsEtcdQuotaNear']),
      description: 'The API servers of cluster %(cluster)s report a database of {{ $value | humanize1024 }}B. The quota of etcd is 2 GiB unless it was raised, most often to 8 GiB, and is not known here; at the quota etcd refuses every write.',
    },
    {
      alert: 'KubeVitalsEtcdSlow',
      severity: 'warning',
      expr: |||
        %(slowest)s > %(etcdSlowSeconds)s
      ||| % k,
      'for': '10m',
      summary: 'Requests of the API servers to etcd are slow.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdNoLeader']),
      description: 'One in a hundred requests ({{ $labels.operation }}) of the API servers of cluster %(cluster)s to etcd takes {{ $value | humanizeDuration }} or more.',
    },
    {
      alert: 'KubeVitalsEtcdRequestsFailing',
      severity: 'warning',
      expr: |||
        (
          %(errors)s / %(requests)s > %(etcdErrorRatio)g
        )
        unless on (%(by)s)
        %(alarm)s
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_etcd_has_leader{%(selector)s}) == 0
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="read", result="ok"}) == 0
      ||| % k,
      'for': '10m',
      summary: 'etcd fails requests of the API servers.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdNoLeader', 'KubeVitalsEtcdAlarm']) + why.ofCluster(['KubeVitalsEtcdMemberDown'], { inhibits: false }),
      description: 'Of the requests of the API servers of cluster %(cluster)s to etcd {{ $value | humanizePercentage }} fail.',
    },
  ],
  panels: [
    g.stateTimeline(
      'etcd members',
      'Whether each probed member of etcd told its health, and whether it is well; empty without --collector.etcd.endpoints.',
      [
        g.target('max by (endpoint) (kubevitals_etcd_up{%(panel)s})' % k, '{{endpoint}} answers'),
        g.target('max by (endpoint) (kubevitals_etcd_health{%(panel)s, state="ok"})' % k, '{{endpoint}} healthy'),
        g.target('max by (endpoint) (kubevitals_etcd_has_leader{%(panel)s})' % k, '{{endpoint}} has leader'),
      ],
      { alerts: ['KubeVitalsEtcdMemberDown', 'KubeVitalsEtcdNoLeader'], mayBeEmpty: true, noValue: 'not collected: needs --collector.etcd.endpoints' },
    ),
    g.timeseries(
      'Certificates of etcd members',
      'Time left until the certificate that each probed member of etcd shows expires; below 0 it has.',
      's',
      [g.target('min by (endpoint) (kubevitals_etcd_certificate_expiry_timestamp_seconds{%(panel)s}) - time()' % k, '{{endpoint}}')],
      { signed: true, alerts: ['KubeVitalsEtcdCertificateExpiring'], threshold: k.etcdCertificateWarningDays * 86400, below: true, mayBeEmpty: true, noValue: 'not collected: needs --collector.etcd.endpoints' },
    ),
    g.table(
      'What ails etcd',
      'Alarms and failing checks of members, and questions that got no answer.',
      [
        g.column('max by (endpoint, state) (kubevitals_etcd_health{%(panel)s, state!="ok"}) == 1' % k),
        g.column('max by (endpoint, probe, check) (kubevitals_etcd_check_ok{%(panel)s}) == 0' % k),
        g.column('max by (endpoint, probe, result) (kubevitals_etcd_probe_result{%(panel)s, result!="available"}) == 1' % k),
      ],
      { alerts: ['KubeVitalsEtcdAlarm'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Database against quota',
      'Share of its quota that the database of a probed member fills, and the share that holds data.',
      'percentunit',
      [
        g.target('max by (endpoint) (kubevitals_etcd_db_size_bytes{%(panel)s}) / (max by (endpoint) (kubevitals_etcd_db_quota_bytes{%(panel)s}) > 0)' % k, '{{endpoint}}'),
        g.target('max by (endpoint) (kubevitals_etcd_db_in_use_bytes{%(panel)s}) / (max by (endpoint) (kubevitals_etcd_db_quota_bytes{%(panel)s}) > 0)' % k, '{{endpoint}} in use'),
      ],
      { alerts: ['KubeVitalsEtcdQuotaNear'], threshold: k.etcdQuotaRatio, mayBeEmpty: true, noValue: 'not collected: needs --collector.etcd.endpoints' },
    ),
    g.timeseries(
      'Database',
      'Size of the database as the API servers report it, of one member at a time.',
      'bytes',
      [g.target('max by (storage_cluster_id) (apiserver_storage_size_bytes{%s})' % panel, '{{storage_cluster_id}}')],
      { alerts: ['KubeVitalsEtcdLarge'], threshold: k.etcdLargeBytes, mayBeEmpty: true },
    ),
    g.timeseries(
      'Requests to etcd, slowest hundredth',
      'Time that the slowest hundredth of the requests of the API servers to etcd takes at least.',
      's',
      [g.target('histogram_quantile(0.99, sum by (operation, le) (rate(etcd_request_duration_seconds_bucket{%s, operation=~"get|create|update|delete"}[$__rate_interval])))' % panel, '{{operation}}')],
      { alerts: ['KubeVitalsEtcdSlow'], threshold: k.etcdSlowSeconds, mayBeEmpty: true },
    ),
    g.timeseries(
      'Requests to etcd that fail',
      'Share of the requests of the API servers to etcd that fail.',
      'percentunit',
      [g.target('sum by (%s) (rate(etcd_request_errors_total{%s}[$__rate_interval])) / sum by (%s) (rate(etcd_requests_total{%s}[$__rate_interval]))' % [c.clusterLabel, panel, c.clusterLabel, panel], '')],
      { alerts: ['KubeVitalsEtcdRequestsFailing'], threshold: k.etcdErrorRatio, mayBeEmpty: true },
    ),
  ],
}
