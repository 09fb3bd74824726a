// Pods of a node cannot resolve names, though cluster DNS works elsewhere.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(config) {
  // A name of elsewhere that does not exist was forwarded well.
  local c = config {
    resolves: |||
      (
        max by (%(by)s, node, probe) (kubevitals_node_dns_probe_result{%(nodeSelector)s, probe="cluster", result="ok"})
        or
        max by (%(by)s, node, probe) (kubevitals_node_dns_probe_result{%(nodeSelector)s, probe="external", result=~"ok|empty|nxdomain"})
      )
    ||| % config,
    elsewhere: |||
      (
        max by (%(by)s, probe) (kubevitals_dns_probe_servers{%(selector)s, origin="service", probe="cluster", result="ok"}) > 0
        or
        max by (%(by)s, probe) (kubevitals_dns_probe_servers{%(selector)s, origin="service", probe="external", result=~"ok|empty|nxdomain"}) > 0
      )
    ||| % config,
  },
  name: 'node_dns',
  area: 'network',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsNodeDNSFailing',
      each: 'node',
      severity: 'warning',
      expr: |||
        %(resolves)s == 0
        and on (%(by)s, probe)
        (
          max by (%(by)s, probe) (%(resolves)s) == 1
          or
          %(elsewhere)s
        )
      ||| % c,
      'for': '5m',
      summary: 'A node cannot resolve names, though others can.',
      explainedBy: why.noDNS + why.noUpstream + why.cutOff + why.ofCluster(['KubeVitalsDNSAPIServerUnreachable'], { where: { probe: 'cluster' } }) + why.on(['node'], ['KubeVitalsNodePodNetworkCut', 'KubeVitalsKubeProxyRulesStale']) + why.on(['node'], ['KubeVitalsKubeProxyDown', 'KubeVitalsConntrackDropping'], { inhibits: false }) + why.ofCluster(['KubeVitalsAddonDown'], { when: { addon: 'node-local-dns' } }),
      description: 'No DNS server that pods use resolves a name (probe: {{ $labels.probe }}) for node {{ $labels.node }} of cluster %(cluster)s, though DNS works elsewhere in the cluster: pods on this node find no Service, or nothing outside, and those on others do.',
    },
  ],
  panels: [
    g.stateTimeline(
      'Lookups on nodes',
      'Whether each node resolves a name of the cluster at one of its servers at least.',
      [g.target('max by (node) (kubevitals_node_dns_probe_result{%(nodePanel)s, node=~"$node", probe="cluster", result="ok"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsNodeDNSFailing'], mayBeEmpty: true },
    ),
    g.table(
      'Lookups on nodes that fail',
      'What became of lookups that were not answered well, by server.',
      [g.column('max by (node, server, probe, result) (kubevitals_node_dns_probe_result{%(nodePanel)s, node=~"$node", result!="ok"}) == 1' % c)],
      { alerts: ['KubeVitalsNodeDNSFailing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Time of lookups on nodes',
      'Time that the last lookup of a name of the cluster took at each server.',
      's',
      [g.target('max by (node, server) (kubevitals_node_dns_probe_duration_seconds{%(nodePanel)s, node=~"$node", probe="cluster"})' % c, '{{node}} {{server}}')],
      { mayBeEmpty: true },
    ),
    g.timeseries(
      'Lookups as the cluster sees them',
      'DNS servers behind the Service that resolve a name of the cluster, asked from where kubevitals runs.',
      'short',
      [g.target('max by (server, probe) (kubevitals_dns_probe_servers{%(panel)s, origin="service", result="ok"})' % c, '{{server}} {{probe}}')],
      { alerts: ['KubeVitalsNodeDNSFailing'], mayBeEmpty: true },
    ),
  ],
}
