// Agents of network plugins: a node without one that works has no network of pods, and is
// not ready for it.
local why = import 'causes.libsonnet';
local network = import 'network_addons.libsonnet';
local promql = import 'promql.libsonnet';

function(c) {
  local k = c { names: network.names },
  local addons = self,

  // Agents of which all pods are on nodes that are lost for another reason: those are not ready
  // because their node is not.
  local lost = |||
    sum by (%(by)s, addon) (
      max by (%(by)s, addon, node) (kubevitals_addon_health_not_ready_pods{%(selector)s, node!=""})
      and on (%(by)s, node)
      max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause!="network_plugin_missing"}) == 1
    )
    == on (%(by)s, addon)
    sum by (%(by)s, addon) (max by (%(by)s, addon, state) (kubevitals_addon_health_pods{%(selector)s}))
  ||| % c,

  // Agents of which none is ready for a reason of their own.
  down:: |||
    (
      max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s, addon=~"%(names)s"}) > 0
      and on (%(by)s, addon)
      max by (%(by)s, addon) (kubevitals_addon_health_ready_pods{%(selector)s}) == 0
      or
      sum by (%(by)s, addon) (max by (%(by)s, addon, state) (kubevitals_addon_health_pods{%(selector)s, addon=~"%(names)s"})) > 1
      and on (%(by)s, addon)
      max by (%(by)s, addon) (kubevitals_addon_health_pods{%(selector)s, state="ready"}) == 0
      unless on (%(by)s, addon)
      max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s})
    )
    unless on (%(by)s, addon)
    %(lost)s
  ||| % (k { lost: promql.line(lost) }),

  // The same of those of which some are wanted, which whoever lacks pods is.
  noneReady:: |||
    max by (%(by)s, addon) (kubevitals_addon_health_ready_pods{%(selector)s, addon=~"%(names)s"}) == 0
    unless on (%(by)s, addon)
    %(lost)s
  ||| % (k { lost: promql.line(lost) }),

  // Nodes that say that they have no network, and for how long they have said so.
  local without = |||
    (time() - max by (%(by)s, node) (kubevitals_node_readiness_transition_timestamp_seconds{%(selector)s}) > %(nodeNotReadySeconds)s)
    and on (%(by)s, node)
    max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause="network_plugin_missing"}) == 1
    or
    time() - max by (%(by)s, node) (kubevitals_node_degraded_condition_since_timestamp_seconds{%(selector)s, condition="NetworkUnavailable"}) > %(nodeNetworkUnavailableSeconds)s
  ||| % k,
  local state(name, pods) = |||
    label_replace(
      %s,
      "state", "%s", "", ""
    )
  ||| % [promql.indent(pods), name],
  local onNodes(metric, matchers='') = 'max by (%s, addon, node) (%s{%s, addon=~"%s", node!=""%s})' % [c.by, metric, c.selector, k.names, matchers],
  // A container that crashes runs for a moment between its crashes.
  local crashing = 'max by (%(by)s, addon, node) (max_over_time(kubevitals_addon_health_crash_loop_pods{%(selector)s, addon=~"%(names)s", node!=""}[10m])) > 0' % k,
  local noImage = onNodes('kubevitals_addon_health_image_wait_pods') + ' > 0',
  local notReady = onNodes('kubevitals_addon_health_not_ready_pods') + ' > 0',
  // How many pods the only agent lacks that are not even there.
  local absent = promql.line(|||
    (
      max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s, addon=~"%(names)s"})
      - on (%(by)s, addon)
      sum by (%(by)s, addon) (max by (%(by)s, addon, state) (kubevitals_addon_health_pods{%(selector)s}))
    )
  ||| % k),
  // Nodes without network on which no pod of an agent was found that is not ready: that
  // one is missing there is certain if as many are missing in all.
  local bare = promql.line(|||
    (
      %s
      unless on (%s, node)
      %s
    )
  ||| % [promql.indent('(\n  ' + promql.indent(without) + '\n)'), c.by, notReady]),

  alerts: [
    {
      alert: 'KubeVitalsNetworkAgentsDown',
      each: 'addon',
      severity: 'critical',
      expr: addons.down,
      'for': '5m',
      summary: 'No agent of the network plugin is ready, so pods get no network.',
      explainedBy: why.ofCluster(['KubeVitalsPodsNotCreated'], { when: { namespace: network.namespaces }, inhibits: false }),
      description: 'Addon {{ $labels.addon }}, the network plugin of cluster %(cluster)s, has no ready pod on any node%(wants)s: new pods get no network, and nodes that start again are not ready.%(crashes)s',
      values: {
        wants: promql.lookup(c, 'max (kubevitals_addon_health_desired_pods{%s, addon=%%q})', ['addon'], '; it wants {{ .Value }}'),
        crashes: (import 'addon_crashes.libsonnet')(c).after(' Its pods keep crashing'),
      },
    },
    {
      alert: 'KubeVitalsNodeNetworkAgentNotReady',
      each: 'node',
      severity: 'warning',
      expr: |||
        %(without)s
        * on (%(by)s, node) group_right ()
        (
          0 * (
            %(crashing)s
            or on (%(by)s, addon, node)
            %(noImage)s
            or on (%(by)s, addon, node)
            %(notReady)s
          )
          + 1
        )
        or
        %(bare)s
        + on (%(by)s) group_left (addon, state)
        0 * %(missing)s
      ||| % {
        by: c.by,
        without: '(\n  ' + promql.indent(without) + '\n)',
        crashing: promql.indent(promql.indent(state('crash_loop', crashing))),
        noImage: promql.indent(promql.indent(state('image', noImage))),
        notReady: promql.indent(promql.indent(state('not_ready', notReady))),
        bare: bare,
        missing: promql.line(state('missing', |||
          (
            %(absent)s >= on (%(by)s) group_left () count by (%(by)s) (%(bare)s)
            and on (%(by)s)
            count by (%(by)s) (%(absent)s > 0) == 1
          )
        ||| % { by: c.by, absent: absent, bare: bare })),
      },
      'for': '1m',
      summary: 'The agent of the network plugin on a node is not ready, so the node has no network of pods.',
      explainedBy: why.on(['addon'], ['KubeVitalsNetworkAgentsDown'])
                   + why.on(['node'], ['KubeVitalsPodImagesFailing'], { where: { state: 'image' }, inhibits: false })
                   + why.ofCluster(['KubeVitalsPodsNotCreated'], { when: { namespace: network.namespaces }, where: { state: 'missing' }, inhibits: false }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has had no network for {{ $value | humanizeDuration }}, and the agent of its network plugin, {{ $labels.addon }}, '
                   + '{{ if eq $labels.state "crash_loop" }}keeps crashing there{{ else if eq $labels.state "image" }}waits there for an image that cannot be pulled{{ else if eq $labels.state "missing" }}has no pod there{{ else }}is not ready there{{ end }}.%(ends)s',
      values: {
        ends: promql.lookup(
          c,
          'topk(1, max_over_time(kubevitals_addon_health_crash_loop_pods{%s, addon=%%q, node=%%q}[10m])) > 0',
          ['addon', 'node'],
          ' It ended last with {{ .Labels.reason }} ({{ .Labels.exit }}).'
        ),
      },
    },
  ],
}
