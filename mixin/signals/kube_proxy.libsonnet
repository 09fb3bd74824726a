// A node's kube-proxy is gone or does not get its rules written. Where no agents
// run, addon_health tells the latter from kube-proxy's own metrics.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  local k = c {
    lag: 'max by (%(by)s, node, ip_family) (kubevitals_kube_proxy_last_queued_timestamp_seconds{%(nodeSelector)s}) - on (%(by)s, node, ip_family) max by (%(by)s, node, ip_family) (kubevitals_kube_proxy_last_applied_timestamp_seconds{%(nodeSelector)s})' % c,
  },
  // When kube-proxy answered last on nodes where it does not, within a day: looking back
  // at each node for so long would cost more than all other rules.
  local lastUp = {
    record: 'kubevitals:kube_proxy_last_up:timestamp_seconds',
    expr: |||
      (
        (time() + 0 * max by (%(by)s, node) (kubevitals_kube_proxy_up{%(nodeSelector)s}))
        and on (%(by)s, node)
        max by (%(by)s, node) (max_over_time(kubevitals_kube_proxy_up{%(nodeSelector)s}[10m])) == 1
        or on (%(by)s, node)
        max by (%(by)s, node) (last_over_time(kubevitals:kube_proxy_last_up:timestamp_seconds[10m])) > time() - 86400
      )
      and on (%(by)s, node)
      max by (%(by)s, node) (kubevitals_kube_proxy_up{%(nodeSelector)s}) == 0
    ||| % c,
  },
  local stale = |||
    (
      max by (%(by)s, node) (1 - kubevitals_kube_proxy_rules_healthy{%(nodeSelector)s}) == 1
      or
      max by (%(by)s, node) (%(lag)s) > %(kubeProxySyncSeconds)s
    )
  ||| % k,
  name: 'kube_proxy',
  area: 'node-agents',
  slow: true,
  rules: [lastUp],
  alerts: [
    {
      alert: 'KubeVitalsKubeProxyDown',
      each: 'node',
      severity: 'warning',
      // Where something else does its work, no kube-proxy ever answers: only one
      // that was there before, that the cluster wants, or that left traces on the
      // node, can be missed.
      expr: |||
        max by (%(by)s, node) (kubevitals_kube_proxy_up{%(nodeSelector)s}) == 0
        and on (%(by)s, node)
        (
          max by (%(by)s, node) (kubevitals:kube_proxy_last_up:timestamp_seconds)
          or
          max by (%(by)s, node) (kubevitals_kube_proxy_up{%(nodeSelector)s}) == 0
          and on (%(by)s)
          max by (%(by)s) (kubevitals_addon_health_desired_pods{%(selector)s, addon="kube-proxy"}) > 0
          or
          max by (%(by)s, node) (kubevitals_kube_proxy_trace{%(nodeSelector)s}) == 1
        )
      ||| % c,
      'for': '5m',
      summary: 'The kube-proxy of a node does not answer.',
      explainedBy: why.lostNode + why.ofCluster(['KubeVitalsAddonDown'], { when: { addon: 'kube-proxy' } }) + why.ofCluster(['KubeVitalsAddonCrashLooping'], { when: { addon: 'kube-proxy' }, inhibits: false }),
      description: 'kube-proxy on node {{ $labels.node }} of cluster %(cluster)s does not report its health. Rules that it wrote stay as they are: connections from this node to Services go to pods that are gone, and new Services do not work there.',
    },
    {
      alert: 'KubeVitalsKubeProxyRulesStale',
      each: 'node',
      severity: 'warning',
      expr: stale,
      'for': '5m',
      summary: 'The kube-proxy of a node runs, but its rules are not written.',
      description: 'kube-proxy on node {{ $labels.node }} of cluster %(cluster)s has had changes for more than %(kubeProxySyncSeconds)s seconds that it did not write: connections from this node to Services go to pods that are gone, and new Services do not work there.',
    },
    {
      alert: 'KubeVitalsKubeProxySyncFailing',
      each: 'node',
      severity: 'warning',
      expr: |||
        (
          sum by (%(by)s, node) (rate(kubevitals_kube_proxy_sync_failures_total{%(nodeSelector)s, kind=~"restore|nftables_sync"}[10m])) > 0
        )
        unless on (%(by)s, node)
        %(stale)s
      ||| % (c { stale: stale }),
      'for': '15m',
      summary: 'The kernel keeps refusing rules of a kube-proxy.',
      description: 'Writing all rules of kube-proxy on node {{ $labels.node }} of cluster %(cluster)s fails and succeeds in between, so that changes of Services reach the node late.',
    },
  ],
  panels: [
    g.stateTimeline(
      'kube-proxy on nodes',
      'Whether the kube-proxy of each node has its rules written; absent where none answers.',
      [g.target('min by (node) (kubevitals_kube_proxy_rules_healthy{%(nodePanel)s, node=~"$node"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsKubeProxyRulesStale'], mayBeEmpty: true },
    ),
    g.table(
      'Nodes without an answer of kube-proxy',
      'What became of the question for its health; normal where something else does the work of kube-proxy.',
      [g.column('max by (node, result) (kubevitals_kube_proxy_probe_result{%(nodePanel)s, node=~"$node", probe="livez", result!="available"}) == 1 and on (node) max by (node) (kubevitals_kube_proxy_up{%(nodePanel)s}) == 0' % c)],
      { alerts: ['KubeVitalsKubeProxyDown'], mayBeEmpty: true },
    ),
    g.table(
      'Nodes whose kube-proxy stopped to answer',
      'When kube-proxy answered last, to ten minutes, on nodes where it does not any more.',
      [g.column('max by (node) (kubevitals:kube_proxy_last_up:timestamp_seconds{%s="$cluster", node=~"$node"}) * 1000' % c.clusterLabel, 'Answered last', 'dateTimeAsIso')],
      { alerts: ['KubeVitalsKubeProxyDown'], mayBeEmpty: true },
    ),
    g.table(
      'Traces of kube-proxy where it does not answer',
      'What shows that kube-proxy belongs on the node: its rules in the kernel (iptables, nftables, ipvs), its pod, or its service of systemd (unit).',
      [g.column('max by (node, trace) (kubevitals_kube_proxy_trace{%(nodePanel)s, node=~"$node"}) == 1' % c)],
      { alerts: ['KubeVitalsKubeProxyDown'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Rules that the kube-proxy of a node has not written',
      'Time between the last change that kube-proxy took note of and the last one that it wrote; below 0 all is written.',
      's',
      [g.target('max by (node, ip_family) (kubevitals_kube_proxy_last_queued_timestamp_seconds{%(nodePanel)s, node=~"$node"}) - max by (node, ip_family) (kubevitals_kube_proxy_last_applied_timestamp_seconds{%(nodePanel)s, node=~"$node"})' % c, '{{node}} {{ip_family}}')],
      { signed: true, alerts: ['KubeVitalsKubeProxyRulesStale'], threshold: c.kubeProxySyncSeconds, mayBeEmpty: true },
    ),
    g.timeseries(
      'Rules of kube-proxy that were refused',
      'Attempts a second to write rules that failed; a failed partial_restore is followed by one of all rules.',
      'ops',
      [g.target('sum by (node, kind) (rate(kubevitals_kube_proxy_sync_failures_total{%(nodePanel)s, node=~"$node"}[$__rate_interval])) > 0' % c, '{{node}} {{kind}}')],
      { alerts: ['KubeVitalsKubeProxySyncFailing'], mayBeEmpty: true },
    ),
    g.stat(
      'Pods of kube-proxy that the cluster wants',
      'Pods of kube-proxy by its DaemonSet; absent where there is none.',
      'short',
      [g.target('max(kubevitals_addon_health_desired_pods{%(panel)s, addon="kube-proxy"})' % c, '')],
      { alerts: ['KubeVitalsKubeProxyDown'], mayBeEmpty: true },
    ),
    g.table(
      'Modes of kube-proxy',
      'Number of nodes by the mode in which their kube-proxy writes rules.',
      [g.column('count by (mode) (max by (node, mode) (kubevitals_kube_proxy_mode{%(nodePanel)s, node=~"$node"}))' % c, 'Nodes')],
      { mayBeEmpty: true },
    ),
  ],
}
