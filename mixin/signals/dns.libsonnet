// Cluster DNS does not answer, cannot forward, or knows nothing of the cluster.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(config)
  local c = config {
    corednsPanel: '%s, %s="$cluster"' % [config.corednsSelector, config.clusterLabel],
    // What is no answer at all.
    mute: 'timeout|unreachable',
  };
  local servers(matchers='') = 'max by (%s, origin, server, probe, result) (kubevitals_dns_probe_servers{%s})' % [c.by, std.join(', ', [c.selector] + if matchers == '' then [] else [matchers])];
  local answered = 'result!~"%s"' % c.mute;
  local answering = 'sum by (%s) (%s) > 0' % [c.by, servers(answered)];
  // The share of those that fail, above a number from which it matters: one of many
  // is told of by itself.
  local share(failing, all) = promql.line(|||
    (
      sum by (%(by)s) (%(failing)s)
        / on (%(by)s)
        sum by (%(by)s) (%(all)s)
      >= %(dnsFailingServersRatio)g
    )
  ||| % (c { failing: failing, all: all }));
  local perInstance(metric, matchers) = 'sum by (%s, instance) (rate(%s{%s}[5m]))' % [c.by, metric, std.join(', ', [c.corednsSelector] + if matchers == '' then [] else [matchers])];
  local servfail = |||
    (
      sum by (%(by)s) (rate(coredns_dns_responses_total{%(corednsSelector)s, rcode="SERVFAIL"}[5m]))
      / on (%(by)s)
      sum by (%(by)s) (rate(coredns_dns_responses_total{%(corednsSelector)s}[5m]))
      > %(dnsServfailRatio)g
    )
  ||| % c;
  // Servers that know the cluster and do not get a name of elsewhere; or those that
  // say themselves that no upstream is left, which one dead domain of others does,
  // too: many answers must fail, and no probe say better. A name that does not exist
  // was forwarded well.
  local forwarding = |||
    (
      %(probed)s
      or
      (
        %(told)s
        and on (%(by)s)
        %(servfail)s
        unless on (%(by)s)
        sum by (%(by)s) (%(forwards)s) > 0
      )
    )
  ||| % (c {
           probed: promql.indent(share(
             '%s > 0 and on (%s, origin, server) %s > 0' % [servers('probe="external", result!~"ok|empty|nxdomain"'), c.by, servers('probe="cluster", result="ok"')],
             servers('probe="external"')
           )),
           told: promql.indent(promql.indent(share('%s > bool 0' % perInstance('coredns_forward_healthcheck_broken_total', ''), '%s >= bool 0' % perInstance('coredns_dns_responses_total', '')))),
           servfail: promql.indent(promql.indent(servfail)),
           forwards: servers('probe="external", result=~"ok|empty|nxdomain"'),
         });
  // Servers that answer and do not know the cluster, or whose requests to the API
  // server all fail: what they learned before goes on being served. Where every
  // server says that the name does not exist, the cluster may have another domain.
  local blind = |||
    (
      %(ignorant)s
      or
      %(cut)s
    )
  ||| % (c {
           ignorant: promql.indent(share(servers('probe="cluster", result!~"ok|%s"' % c.mute), servers('probe="cluster"'))),
           cut: promql.indent(share(
             '%s > bool 0 unless on (%s, instance) %s > 0' % [
               perInstance('coredns_kubernetes_rest_client_requests_total', 'code="<error>"'),
               c.by,
               perInstance('coredns_kubernetes_rest_client_requests_total', 'code=~"2.."'),
             ],
             '%s >= bool 0' % perInstance('coredns_kubernetes_rest_client_requests_total', '')
           )),
         });
  local k = c { servers: servers(), answering: answering, forwarding: forwarding, blind: blind, servfail: servfail };

  {
    name: 'dns',
    area: 'dns',
    seen: 'kubevitals_dns_probe_servers',
    foreign: {
      coredns_dns_responses_total: c.corednsSelector,
      coredns_forward_healthcheck_broken_total: c.corednsSelector,
      coredns_proxy_healthcheck_failures_total: c.corednsSelector,
      coredns_proxy_request_duration_seconds_bucket: c.corednsSelector,
      coredns_kubernetes_rest_client_requests_total: c.corednsSelector,
    },
    alerts: [
      {
        alert: 'KubeVitalsDNSNoEndpoints',
        severity: 'critical',
        expr: |||
          max by (%(by)s) (kubevitals_dns_endpoints{%(selector)s, state="ready"}) == 0
        ||| % c,
        'for': '3m',
        summary: 'No DNS server of the cluster is ready.',
        explainedBy: why.ofCluster(['KubeVitalsDNSAPIServerUnreachable'], { inhibits: false }),
        description: 'The DNS Service of cluster %(cluster)s has no ready endpoint: no pod can resolve any name.%(crashes)s',
        values: { crashes: (import '../addon_crashes.libsonnet')(c, 'dns').after(' Its pods keep crashing') },
      },
      {
        alert: 'KubeVitalsDNSDown',
        severity: 'critical',
        expr: |||
          (
            sum by (%(by)s) (%(servers)s) > 0
            unless on (%(by)s)
            %(answering)s
          )
          unless on (%(by)s)
          max by (%(by)s) (kubevitals_dns_endpoints{%(selector)s, state="ready"}) == 0
          unless on (%(by)s)
          max by (%(by)s) (kubevitals_node_dns_probe_result{%(nodeSelector)s, result=~"ok|empty|nxdomain"}) == 1
        ||| % k,
        'for': '3m',
        summary: 'No DNS server of the cluster answers.',
        explainedBy: why.ofCluster(['KubeVitalsDNSNoEndpoints']) + why.ofCluster(['KubeVitalsAddonDown', 'KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: 'dns' }, inhibits: false }),
        description: 'Neither the DNS Service of cluster %(cluster)s nor any server behind it answers. Either all of them hang, or the network of the node that kubevitals runs on is broken.',
      },
      {
        alert: 'KubeVitalsDNSServiceUnreachable',
        each: 'dns_server',
        // Of one node: others tell by node_dns, and all of them by DNSDown.
        severity: 'warning',
        expr: |||
          max by (%(by)s, server) (kubevitals_dns_probe_servers{%(selector)s, origin="service", probe="cluster", result=~"%(mute)s"}) > 0
          and on (%(by)s)
          sum by (%(by)s) (%(endpoints)s) > 0
        ||| % (c { endpoints: servers('origin="endpoint", probe="cluster", ' + answered) }),
        'for': '5m',
        summary: 'DNS servers answer under their own addresses but not under that of their Service.',
        explainedBy: why.noDNS + why.ofCluster(['KubeVitalsAddonDown'], { when: { addon: 'kube-proxy' } }) + why.ofCluster(['KubeVitalsKubeProxySyncStuck']),
        description: 'The address of Service kube-system/{{ $labels.server }} of cluster %(cluster)s does not answer, though the DNS servers behind it do. The path that kube-proxy provides is broken, at least on the node of kubevitals.',
      },
      {
        alert: 'KubeVitalsDNSServerDown',
        each: 'dns_server',
        severity: 'warning',
        expr: |||
          max by (%(by)s, server) (kubevitals_dns_probe_servers{%(selector)s, origin!="service", probe="cluster", result!="ok"}) > 0
          and on (%(by)s)
          %(answering)s
          unless on (%(by)s)
          %(blind)s
        ||| % k,
        'for': '5m',
        summary: 'One of several DNS servers does not answer, or not correctly, though it counts as ready.',
        explainedBy: why.noDNS + why.ofCluster(['KubeVitalsZonesCutOff', 'KubeVitalsNetworkFailing'], { inhibits: false }),
        description: 'DNS server {{ $labels.server }} of cluster %(cluster)s gives no correct answer for a name of the cluster%(result)s, and others answer. The lookups of pods that happen to reach it fail.',
        values: { result: promql.lookup(c, 'max by (result) (kubevitals_dns_probe_servers{%s, server=%%q, origin!="service", probe="cluster", result!="ok"} > 0)', ['server'], ' ({{ .Labels.result }})') },
      },
      {
        alert: 'KubeVitalsDNSForwardingFailing',
        severity: 'critical',
        expr: forwarding,
        'for': '5m',
        summary: 'Cluster DNS knows the cluster but cannot forward to its upstream servers.',
        explainedBy: why.noDNS + why.ofCluster(['KubeVitalsAddonDown'], { when: { addon: 'dns' }, inhibits: false }),
        description: 'DNS servers of cluster %(cluster)s answer for names of the cluster, but fail for names that they forward: their upstream servers do not answer them.',
      },
      {
        alert: 'KubeVitalsDNSAPIServerUnreachable',
        severity: 'critical',
        expr: |||
          %(blind)s
          unless on (%(by)s)
          max by (%(by)s) (kubevitals_apiserver_up{%(selector)s}) == 0
        ||| % k,
        'for': '5m',
        summary: 'Cluster DNS answers but cannot reach the API server, so it does not know the cluster.',
        explainedBy: why.ofCluster(['KubeVitalsAPIServerAllDown']),
        description: 'DNS servers of cluster %(cluster)s answer, but do not know the name of the API server itself, or reach no API server: Services that are new or moved are not found.',
      },
      {
        alert: 'KubeVitalsDNSServfail',
        severity: 'warning',
        expr: |||
          %(servfail)s
          unless on (%(by)s)
          %(forwarding)s
          unless on (%(by)s)
          %(blind)s
        ||| % k,
        'for': '10m',
        summary: 'A large share of the answers of cluster DNS are failures.',
        explainedBy: why.noDNS + why.ofCluster(['KubeVitalsDNSForwardingFailing', 'KubeVitalsDNSAPIServerUnreachable']),
        description: '{{ $value | humanizePercentage }} of the answers of CoreDNS in cluster %(cluster)s are SERVFAIL: one zone or one upstream fails.',
      },
      {
        alert: 'KubeVitalsDNSSlow',
        severity: 'warning',
        expr: |||
          max by (%(by)s, probe) (
            max by (%(by)s, origin, server, probe) (kubevitals_dns_probe_duration_seconds{%(selector)s}) > %(dnsSlowSeconds)s
            and on (%(by)s, origin, server, probe)
            max by (%(by)s, origin, server, probe) (kubevitals_dns_probe_servers{%(selector)s, result="ok"}) > 0
          )
        ||| % c,
        'for': '10m',
        summary: 'A DNS server of the cluster answers slowly.',
        explainedBy: why.noDNS + why.noUpstream + why.ofCluster(['KubeVitalsDNSAPIServerUnreachable'], { where: { probe: 'cluster' } }),
        description: 'The slowest DNS server of cluster %(cluster)s takes {{ $value | humanizeDuration }} for a name of the kind {{ $labels.probe }}.',
      },
    ],
    panels: [
      g.stateTimeline(
        'DNS probes',
        'Whether every DNS server answered well: for a name of the cluster, and for one that it forwards where that is probed.',
        [g.target('(sum by (origin, server, probe) (max by (origin, server, probe, result) (kubevitals_dns_probe_servers{%(panel)s, result!="ok"}))) == bool 0' % c, '{{origin}} {{server}} {{probe}}')],
        { alerts: ['KubeVitalsDNSDown', 'KubeVitalsDNSForwardingFailing', 'KubeVitalsDNSAPIServerUnreachable'], mayBeEmpty: true, noValue: 'not collected: no DNS server is probed' },
      ),
      g.table(
        'DNS probes that failed',
        'What the DNS servers answered that did not answer well.',
        [g.column('max by (origin, server, probe, result) (kubevitals_dns_probe_servers{%(panel)s, result!="ok"}) > 0' % c, 'Servers')],
        { alerts: ['KubeVitalsDNSServiceUnreachable', 'KubeVitalsDNSServerDown'], mayBeEmpty: true },
      ),
      g.timeseries(
        'DNS servers behind the Service',
        'Endpoints of the DNS Service that are ready, not ready, and ready but not probed.',
        'short',
        [g.target('max by (state) (kubevitals_dns_endpoints{%(panel)s})' % c, '{{state}}')],
        { alerts: ['KubeVitalsDNSNoEndpoints'], mayBeEmpty: true, noValue: 'not collected: no DNS server is probed' },
      ),
      g.timeseries(
        'DNS probe duration',
        'Time that each DNS server took to answer.',
        's',
        [g.target('max by (origin, server, probe) (kubevitals_dns_probe_duration_seconds{%(panel)s})' % c, '{{origin}} {{server}} {{probe}}')],
        { alerts: ['KubeVitalsDNSSlow'], threshold: c.dnsSlowSeconds, mayBeEmpty: true, noValue: 'not collected: no DNS server is probed' },
      ),
      g.timeseries(
        'Answers of CoreDNS',
        "Answers by code, by CoreDNS' own count.",
        'reqps',
        [g.target('sum by (rcode) (rate(coredns_dns_responses_total{%(corednsPanel)s}[$__rate_interval]))' % c, '{{rcode}}')],
        { alerts: ['KubeVitalsDNSServfail'], mayBeEmpty: true },
      ),
      g.timeseries(
        'Upstream servers of CoreDNS that fail',
        'Health checks of upstream servers that failed, and queries for which none was left.',
        'ops',
        [
          g.target('sum by (to) (rate(coredns_proxy_healthcheck_failures_total{%(corednsPanel)s}[$__rate_interval]))' % c, 'health check of {{to}}'),
          g.target('sum (rate(coredns_forward_healthcheck_broken_total{%(corednsPanel)s}[$__rate_interval]))' % c, 'none left'),
        ],
        { alerts: ['KubeVitalsDNSForwardingFailing'], mayBeEmpty: true },
      ),
      g.timeseries(
        'Upstream servers of CoreDNS: time to answer',
        'The slowest one in a hundred answers of each upstream server.',
        's',
        [g.target('histogram_quantile(0.99, sum by (le, to) (rate(coredns_proxy_request_duration_seconds_bucket{%(corednsPanel)s, proxy_name="forward"}[$__rate_interval])))' % c, '{{to}}')],
        { mayBeEmpty: true },
      ),
      g.timeseries(
        'Requests of CoreDNS to the API server',
        'By code; <error> means that no answer came.',
        'reqps',
        [g.target('sum by (code) (rate(coredns_kubernetes_rest_client_requests_total{%(corednsPanel)s}[$__rate_interval]))' % c, '{{code}}')],
        { alerts: ['KubeVitalsDNSAPIServerUnreachable'], mayBeEmpty: true },
      ),
    ],
  }
