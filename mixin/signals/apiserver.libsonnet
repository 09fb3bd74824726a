// An API server is unreachable, or reachable and unable to read or write.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  local overload = (import '../apiserver_overload.libsonnet')(c),

  name: 'apiserver',
  area: 'control-plane',
  foreign: overload.foreign,
  alerts: [
    {
      alert: 'KubeVitalsAPIServerAllDown',
      severity: 'critical',
      expr: |||
        max by (%(by)s) (kubevitals_apiserver_up{%(selector)s}) == 0
      ||| % c,
      'for': '1m',
      summary: 'No API server of the cluster answers.',
      // After a restore of etcd API servers are restarted on purpose.
      explainedBy: why.ofCluster(['KubeVitalsEtcdNoLeader']) + why.ofCluster(['KubeVitalsAPIServerCertificateExpiryImminent', 'KubeVitalsNodeAPIServerUnreachable', 'KubeVitalsEtcdWentBack'], { inhibits: false }),
      description: 'No API server of cluster %(cluster)s answers. What runs goes on running; nothing new is scheduled, healed or scaled.',
    },
    {
      alert: 'KubeVitalsAPIServerDown',
      each: 'api_server',
      severity: 'warning',
      expr: |||
        max by (%(by)s, server) (kubevitals_apiserver_up{%(selector)s}) == 0
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_apiserver_up{%(selector)s}) == 0
      ||| % c,
      'for': '5m',
      summary: 'One of several API servers does not answer.',
      explainedBy: why.ofCluster(['KubeVitalsAPIServerAllDown', 'KubeVitalsEtcdNoLeader']) + why.on(['server'], ['KubeVitalsAPIServerCertificateExpiryImminent'], { inhibits: false }) + why.ofCluster(['KubeVitalsZonesCutOff', 'KubeVitalsNetworkFailing'], { inhibits: false }),
      description: 'API server {{ $labels.server }} of cluster %(cluster)s does not answer; others do.',
    },
    {
      alert: 'KubeVitalsAPIServerCheckFailing',
      each: 'api_server_check',
      severity: 'warning',
      expr: |||
        max by (%(by)s, server, check) (kubevitals_apiserver_check_ok{%(selector)s, probe="readyz"}) == 0
      ||| % c,
      'for': '5m',
      summary: 'An API server says that it is not ready, and which check fails.',
      explainedBy: why.ofCluster(['KubeVitalsAPIServerAllDown']) + why.ofCluster(['KubeVitalsEtcdNoLeader', 'KubeVitalsEtcdAlarm', 'KubeVitalsAPIServerReadsFailing'], { where: { check: 'etcd.*' } }),
      description: 'API server {{ $labels.server }} of cluster %(cluster)s is not ready: its check {{ $labels.check }} fails.',
    },
    {
      alert: 'KubeVitalsAPIServerReadsFailing',
      severity: 'critical',
      expr: |||
        (
          max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="read", result="ok"}) == 0
          and on (%(by)s)
          max by (%(by)s) (kubevitals_apiserver_up{%(selector)s}) == 1
        )
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="read", result="denied"}) == 1
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_etcd_has_leader{%(selector)s}) == 0
      ||| % c,
      'for': '2m',
      summary: 'API servers answer, but none can read from etcd.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdNoLeader']),
      description: 'API servers of cluster %(cluster)s answer, but none of them can read one small object. etcd has no leader, hangs, or cannot be reached.',
    },
    {
      alert: 'KubeVitalsAPIServerWritesFailing',
      severity: 'critical',
      expr: |||
        (
          max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="write", result=~"failed|timeout|overloaded|error"}) == 1
          and on (%(by)s)
          max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="read", result="ok"}) == 1
        )
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="write", result="ok"}) == 1
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_etcd_health{%(selector)s, state=~"nospace|corrupt"}) == 1
      ||| % c,
      'for': '3m',
      summary: 'The cluster can be read but not written: etcd refuses writes.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdAlarm', 'KubeVitalsEtcdNoLeader', 'KubeVitalsAPIServerReadsFailing']),
      description: 'The API servers of cluster %(cluster)s answer reads and refuse writes. The usual cause is an etcd that is out of space (alarm NOSPACE); an admission webhook on Leases is another.',
    },
    {
      alert: 'KubeVitalsAPIServerSlow',
      each: 'api_server',
      severity: 'warning',
      expr: |||
        max by (%(by)s, server, probe) (kubevitals_apiserver_probe_duration_seconds{%(selector)s, probe=~"read|write"}) > %(apiserverSlowSeconds)s
        and on (%(by)s, server, probe)
        max by (%(by)s, server, probe) (kubevitals_apiserver_probe_result{%(selector)s, result="ok"}) == 1
      ||| % c,
      // Longer than etcd takes to be told of: the cause comes first.
      'for': '15m',
      summary: 'An API server is slow even for one small object.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdNoLeader', 'KubeVitalsAPIServerReadsFailing', 'KubeVitalsAPIServerWritesFailing']) + why.ofCluster(['KubeVitalsEtcdSlow'], { inhibits: false }),
      description: 'A {{ $labels.probe }} of one small object through API server {{ $labels.server }} of cluster %(cluster)s takes {{ $value | humanizeDuration }}.',
    },
    {
      alert: 'KubeVitalsAPIServerCertificateExpiring',
      each: 'api_server',
      severity: 'warning',
      expr: |||
        min by (%(by)s, server) (kubevitals_apiserver_certificate_expiry_timestamp_seconds{%(selector)s}) - time() < %(apiserverCertificateWarningDays)s * 86400
        and on (%(by)s, server)
        min by (%(by)s, server) (kubevitals_apiserver_certificate_expiry_timestamp_seconds{%(selector)s}) - time() >= %(apiserverCertificateCriticalDays)s * 86400
      ||| % c,
      'for': '15m',
      summary: 'The certificate of an API server expires soon.',
      explainedBy: why.on(['server'], ['KubeVitalsAPIServerCertificateExpiryImminent']),
      description: 'The certificate of API server {{ $labels.server }} of cluster %(cluster)s expires in {{ $value | humanizeDuration }}.',
    },
    {
      alert: 'KubeVitalsAPIServerCertificateExpiryImminent',
      each: 'api_server',
      severity: 'critical',
      expr: |||
        min by (%(by)s, server) (kubevitals_apiserver_certificate_expiry_timestamp_seconds{%(selector)s}) - time() < %(apiserverCertificateCriticalDays)s * 86400
      ||| % c,
      'for': '5m',
      summary: 'The certificate of an API server has expired, or expires within days.',
      description: 'The certificate of API server {{ $labels.server }} of cluster %(cluster)s {{ if gt $value 0.0 }}expires in {{ $value | humanizeDuration }}. From then on{{ else }}expired {{ slice (humanizeDuration $value) 1 }} ago. Since then{{ end }} no client that verifies it can reach it.',
    },
    {
      alert: 'KubeVitalsAPIServerLeaseStale',
      each: 'api_server_lease',
      severity: 'warning',
      expr: |||
        time() - max by (%(by)s, server, hostname) (kubevitals_apiserver_identity_lease_renew_timestamp_seconds{%(selector)s}) > %(apiserverLeaseStaleSeconds)s
        and on (%(by)s, server)
        max by (%(by)s, server) (kubevitals_apiserver_up{%(selector)s}) == 1
      ||| % c,
      'for': '5m',
      summary: 'An API server answers but does not renew its own Lease.',
      explainedBy: why.nothingWritten,
      description: 'API server {{ $labels.server }} on {{ $labels.hostname }} of cluster %(cluster)s answers, but renewed its identity Lease {{ $value | humanizeDuration }} ago: its own writes do not get through.',
    },
  ] + overload.alerts,
  panels: [
    g.stateTimeline(
      'API servers up',
      'Whether each API server answered over verified TLS.',
      [g.target('max by (server) (kubevitals_apiserver_up{%(panel)s})' % c, '{{server}}')],
      { alerts: ['KubeVitalsAPIServerAllDown', 'KubeVitalsAPIServerDown'] },
    ),
    g.stateTimeline(
      'Probes',
      'Whether each probe came back well: liveness, readiness, a read through etcd, a write through etcd.',
      [g.target('max by (server, probe) (kubevitals_apiserver_probe_result{%(panel)s, result="ok"})' % c, '{{server}} {{probe}}')],
      { alerts: ['KubeVitalsAPIServerReadsFailing', 'KubeVitalsAPIServerWritesFailing'] },
    ),
    g.table(
      'Failing checks',
      'Checks that an API server makes of itself and that fail now.',
      [g.column('max by (server, probe, check) (kubevitals_apiserver_check_ok{%(panel)s}) == 0' % c)],
      { alerts: ['KubeVitalsAPIServerCheckFailing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Probe duration',
      'Time that each probe took.',
      's',
      [g.target('max by (server, probe) (kubevitals_apiserver_probe_duration_seconds{%(panel)s})' % c, '{{server}} {{probe}}')],
      { alerts: ['KubeVitalsAPIServerSlow'], threshold: c.apiserverSlowSeconds },
    ),
    g.timeseries(
      'Certificate expires in',
      'Time left until the certificate that the API server shows expires.',
      's',
      [g.target('min by (server) (kubevitals_apiserver_certificate_expiry_timestamp_seconds{%(panel)s}) - time()' % c, '{{server}}')],
      {
        signed: true,
        alerts: ['KubeVitalsAPIServerCertificateExpiring', 'KubeVitalsAPIServerCertificateExpiryImminent'],
        threshold: c.apiserverCertificateWarningDays * 86400,
        below: true,
      },
    ),
    g.timeseries(
      'Identity Lease renewed',
      'Time since each API server last renewed its identity Lease.',
      's',
      [g.target('time() - max by (hostname) (kubevitals_apiserver_identity_lease_renew_timestamp_seconds{%(panel)s})' % c, '{{hostname}}')],
      { alerts: ['KubeVitalsAPIServerLeaseStale'], threshold: c.apiserverLeaseStaleSeconds },
    ),
    g.table(
      'Where each API server is known from',
      'Configuration, EndpointSlice, identity Lease or flag; one that is missing somewhere is worth a look.',
      [g.column('max by (server, origin) (kubevitals_apiserver_listed{%(panel)s})' % c)],
    ),
  ] + overload.panels,
}
