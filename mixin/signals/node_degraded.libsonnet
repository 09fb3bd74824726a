// Nodes that are ready and yet ill: short of memory or process IDs, without network,
// behind a start-up taint, cordoned and forgotten, ready and not ready in turns.
local g = import '../../dashboards/grafana.libsonnet';
local promql = import '../promql.libsonnet';

local why = import '../causes.libsonnet';
local takenAwayBy = import '../startup_taints.libsonnet';
local who = std.join('', [
  '{{ %s $labels.taint "%s" }}%s' % [if i == 0 then 'if eq' else 'else if eq', std.objectFields(takenAwayBy)[i], takenAwayBy[std.objectFields(takenAwayBy)[i]]]
  for i in std.range(0, std.length(takenAwayBy) - 1)
]) + '{{ else }}whoever sets up a part of the node should take away once that works{{ end }}';

function(c) {
  local condition(kind) = 'max by (%s, node) (kubevitals_node_degraded_condition{%s, condition="%s"}) == 1' % [c.by, c.selector, kind],
  // Of a node that is not ready node_readiness tells, with the condition as its cause.
  local whileReady(kind) = |||
    %(condition)s
    unless on (%(by)s, node)
    max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0
  ||| % (c { condition: condition(kind) }),

  name: 'node_degraded',
  area: 'nodes',
  beyond_guide: 'nodes that count as ready are where nobody looks; operators report pods that are evicted, fit nowhere or have no network there',
  alerts: [
    {
      alert: 'KubeVitalsNodeMemoryPressure',
      each: 'node',
      severity: 'warning',
      fault: 'memory_pressure',
      expr: whileReady('MemoryPressure'),
      'for': '5m',
      keep_firing_for: '5m',
      summary: 'A node is short of memory: its kubelet evicts pods until enough is free.',
      explainedBy: why.on(['node'], ['KubeVitalsReflectorMetricsLeakMemory'], { inhibits: false }),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s reports memory pressure: it evicts pods until enough memory is free. No new pods of the class BestEffort are placed there.%(evicted)s',
      values: {
        evicted: promql.lookup(
          c,
          'sum(max by (kind) (kubevitals_events_recent{%s, node=%%q, reason="Evicted"})) > 0',
          ['node'],
          ' Evictions there, in the events that are still held: {{ .Value | humanize }}.'
        ),
      },
    },
    {
      alert: 'KubeVitalsNodePIDPressure',
      each: 'node',
      severity: 'warning',
      fault: 'pid_pressure',
      expr: whileReady('PIDPressure'),
      'for': '5m',
      keep_firing_for: '5m',
      summary: 'A node is short of process IDs: its kubelet evicts pods, and programs cannot start threads.',
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s reports PID pressure: it evicts pods with many processes. No new pods are placed there, and programs on it may fail to start processes and threads.',
    },
    {
      alert: 'KubeVitalsNodeNetworkUnavailable',
      each: 'node',
      severity: 'warning',
      fault: 'network_unavailable',
      expr: |||
        %(network)s
        unless on (%(by)s, node)
        time() - max by (%(by)s, node) (kubevitals_node_degraded_condition_since_timestamp_seconds{%(selector)s, condition="NetworkUnavailable"}) <= %(nodeNetworkUnavailableSeconds)s
      ||| % (c { network: promql.line(whileReady('NetworkUnavailable')) }),
      'for': '1m',
      keep_firing_for: '5m',
      summary: 'The network of a node is marked as not set up.',
      explainedBy: why.lostNode + why.on(['node'], ['KubeVitalsNodeNetworkAgentNotReady']),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has the condition NetworkUnavailable%(reason)s: whoever sets up the network of its pods, the route controller of the cloud or the network plugin, has not done it or says that it failed. No new pods are placed there.',
      values: {
        reason: promql.lookup(
          c,
          'max by (reason) (kubevitals_node_degraded_condition{%s, node=%%q, condition="NetworkUnavailable"})',
          ['node'],
          ', with the reason {{ .Labels.reason }}'
        ),
      },
    },
    {
      alert: 'KubeVitalsNodeStartupTaint',
      each: 'node',
      severity: 'warning',
      fault: 'startup_taint',
      // That of a network which is unavailable follows from its condition.
      expr: |||
        time() - max by (%(by)s, node, taint) (kubevitals_node_degraded_startup_taint_timestamp_seconds{%(selector)s}) > %(nodeStartupTaintSeconds)s
        unless on (%(by)s, node, taint)
        label_replace(%(network)s, "taint", "node.kubernetes.io/network-unavailable", "", "")
      ||| % (c { network: condition('NetworkUnavailable') }),
      'for': '5m',
      summary: 'A node is ready, and a taint of its start still keeps pods off.',
      explainedBy: why.lostNode + why.on(['node'], ['KubeVitalsNodeNetworkUnavailable'], { where: { taint: 'node.kubernetes.io/network-unavailable.*' } })
                   + why.ofCluster(['KubeVitalsNetworkAgentsDown', 'KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: 'cilium' }, where: { taint: 'node.cilium.io/.+' }, inhibits: false })
                   + why.ofCluster(['KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: 'ebs-csi-node' }, where: { taint: 'ebs.csi.aws.com/.+' }, inhibits: false })
                   + why.ofCluster(['KubeVitalsCloudControllerManagerDown'], { where: { taint: 'node.cloudprovider.kubernetes.io/uninitialized.*' } })
                   + why.ofCluster(['KubeVitalsAddonCrashLooping'], { when: { addon: 'cloud-controller-manager' }, where: { taint: 'node.cloudprovider.kubernetes.io/uninitialized.*' }, inhibits: false }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has been ready for {{ $value | humanizeDuration }} and still has the taint {{ $labels.taint }}, %(who)s. That has not happened: pods that do not tolerate the taint are not placed on the node.',
      values: { who: 'which ' + who },
    },
    {
      alert: 'KubeVitalsNodeCordoned',
      each: 'node',
      severity: 'info',
      expr: |||
        time() - max by (%(by)s, node) (kubevitals_node_degraded_cordoned_timestamp_seconds{%(selector)s}) > %(nodeCordonedSeconds)s
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0
      ||| % c,
      'for': '15m',
      summary: 'A node has been cordoned for a long time.',
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has been cordoned for {{ $value | humanizeDuration }}: nothing new is placed there. Somebody is at work on it, or forgot to uncordon it.',
    },
    {
      alert: 'KubeVitalsNodeEvictedPods',
      each: 'node',
      severity: 'info',
      // Those that broke a limit of their own say nothing of the node.
      expr: |||
        sum by (%(by)s, node) (
          max by (%(by)s, node, resource) (kubevitals_node_degraded_evicted_pods{%(selector)s, resource!="limit"})
        ) >= %(nodeEvictedPods)s
        unless on (%(by)s, node)
        time() - max by (%(by)s, node) (kubevitals_node_degraded_last_eviction_timestamp_seconds{%(selector)s}) > %(nodeEvictedSeconds)s
      ||| % c,
      'for': '5m',
      summary: 'A node was short of something, and its kubelet evicted many pods, which are still listed.',
      explainedBy: why.seldom(why.lostNode) + why.on(['node'], ['KubeVitalsNodeDiskPressure', 'KubeVitalsNodeDiskHeadroomLow', 'KubeVitalsNodeMemoryPressure', 'KubeVitalsNodePIDPressure'], { inhibits: false }),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s evicted {{ $value | humanize }} pods that are still listed%(resources)s%(last)s. The shortage may be over: such pods stay listed until somebody deletes them, or the controller manager does when there are thousands.',
      values: {
        resources: promql.list(
          c,
          'max by (resource) (kubevitals_node_degraded_evicted_pods{%s, node=%[2]q, resource!~"limit|other"})',
          ['node'],
          'resource',
          ', because it was short of ',
          ''
        ),
        last: promql.lookup(
          c,
          'time() - max (kubevitals_node_degraded_last_eviction_timestamp_seconds{%s, node=%%q})',
          ['node'],
          ', the last of them {{ .Value | humanizeDuration }} ago'
        ),
      },
    },
    {
      alert: 'KubeVitalsNodeFlapping',
      each: 'node',
      severity: 'warning',
      fault: 'flapping',
      // Only nodes that are not ready have this time, a new one each time that it begins, if it
      // falls into a scrape. Of the others, and of the time before, events tell, if they are
      // held: a sender may count on one for longer than an hour. Each alone is enough.
      expr: |||
        1 + max by (%(by)s, node) (changes(kubevitals_node_readiness_transition_timestamp_seconds{%(selector)s}[1h])) >= %(nodeFlapsInHour)s
        or
        max by (%(by)s, node) (kubevitals_node_degraded_recent_turns{%(selector)s})
          / on (%(by)s, node)
          clamp_min(
            (
              max by (%(by)s, node) (kubevitals_node_degraded_last_turn_timestamp_seconds{%(selector)s})
              - on (%(by)s, node)
              min by (%(by)s, node) (kubevitals_node_degraded_first_turn_timestamp_seconds{%(selector)s})
            ) / 3600,
            1
          )
        >= %(nodeFlapsInHour)s
        and on (%(by)s, node)
        time() - max by (%(by)s, node) (kubevitals_node_degraded_last_turn_timestamp_seconds{%(selector)s}) < %(nodeFlapsQuietSeconds)s
      ||| % c,
      'for': '0m',
      keep_firing_for: '15m',
      summary: 'A node keeps switching between ready and not ready.',
      // A kubelet says that the node is not ready whenever it starts.
      explainedBy: why.nothingWritten + why.cutOff + why.on(['node'], ['KubeVitalsKubeletRestartLoop']) + why.seldom(why.lostNode),
      description: 'The condition Ready of node {{ $labels.node }} of cluster %(cluster)s became False or Unknown {{ $value | humanize }} times within an hour. Each time its pods are taken out of Services, and none of the times may last long enough for another alert.',
    },
  ],
  panels: [
    g.table(
      'Nodes that are ill, with their conditions',
      'Nodes with MemoryPressure, PIDPressure or NetworkUnavailable, ready or not, and the reason that is given.',
      [g.column('max by (node, condition, reason) (kubevitals_node_degraded_condition{%(panel)s, node=~"$node"})' % c)],
      { alerts: ['KubeVitalsNodeMemoryPressure', 'KubeVitalsNodePIDPressure', 'KubeVitalsNodeNetworkUnavailable'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes by condition',
      'Number of nodes that have each of these conditions, that do not have it, and of which it is not known.',
      'short',
      [g.target('max by (condition, status) (kubevitals_node_degraded_condition_nodes{%(panel)s})' % c, '{{condition}} {{status}}')],
      { alerts: ['KubeVitalsNodeMemoryPressure', 'KubeVitalsNodePIDPressure', 'KubeVitalsNodeNetworkUnavailable'] },
    ),
    g.table(
      'Nodes behind a start-up taint',
      'Nodes that are ready and still have a taint of their start, and for how long.',
      [g.column('time() - max by (node, taint) (kubevitals_node_degraded_startup_taint_timestamp_seconds{%(panel)s, node=~"$node"})' % c, 'Tainted for', 's')],
      { alerts: ['KubeVitalsNodeStartupTaint'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes by start-up taint and cordon',
      'Number of nodes that are ready with a start-up taint, without one, or not ready; and of those that are cordoned.',
      'short',
      [
        g.target('max by (state) (kubevitals_node_degraded_startup_taint_nodes{%(panel)s})' % c, 'taint: {{state}}'),
        g.target('max by (state) (kubevitals_node_degraded_cordoned_nodes{%(panel)s})' % c, 'cordon: {{state}}'),
      ],
      { alerts: ['KubeVitalsNodeStartupTaint', 'KubeVitalsNodeCordoned'] },
    ),
    g.table(
      'Nodes cordoned for long',
      'Nodes that are cordoned, and for how long, where that is known.',
      [g.column('time() - max by (node) (kubevitals_node_degraded_cordoned_timestamp_seconds{%(panel)s, node=~"$node"})' % c, 'Cordoned for', 's')],
      { alerts: ['KubeVitalsNodeCordoned'], mayBeEmpty: true },
    ),
    g.table(
      'Evicted pods that are still listed',
      'Pods that the kubelet of each node evicted and that are still listed, by what it was short of, or limit where a pod used more disk than its own limit; of the 20 nodes with the most.',
      [g.column('max by (node, resource) (kubevitals_node_degraded_evicted_pods{%(panel)s, node=~"$node"})' % c, 'Pods')],
      { alerts: ['KubeVitalsNodeEvictedPods'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes with evicted pods',
      'Number of nodes of which evicted pods are listed, or none.',
      'short',
      [g.target('max by (evicted_pods) (kubevitals_node_degraded_evicted_pods_nodes{%(panel)s})' % c, '{{evicted_pods}}')],
      { alerts: ['KubeVitalsNodeEvictedPods'] },
    ),
    g.timeseries(
      'Time since the last eviction',
      'Time since the kubelet of each node last evicted one of the pods that are still listed.',
      's',
      [g.target('time() - max by (node) (kubevitals_node_degraded_last_eviction_timestamp_seconds{%(panel)s, node=~"$node"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsNodeEvictedPods'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes that flap',
      'How often within an hour the condition Ready of each node took another status than True, after the first time, and how often by events, whose senders may count for longer.',
      'short',
      [
        g.target('max by (node) (changes(kubevitals_node_readiness_transition_timestamp_seconds{%(panel)s, node=~"$node"}[1h])) > 0' % c, '{{node}}'),
        g.target(
          'max by (node) (kubevitals_node_degraded_recent_turns{%(panel)s, node=~"$node"}) / on (node) clamp_min((max by (node) (kubevitals_node_degraded_last_turn_timestamp_seconds{%(panel)s}) - on (node) min by (node) (kubevitals_node_degraded_first_turn_timestamp_seconds{%(panel)s})) / 3600, 1) and on (node) time() - max by (node) (kubevitals_node_degraded_last_turn_timestamp_seconds{%(panel)s}) < 3600' % c,
          '{{node}} by events'
        ),
        g.target('max by (recent_turns) (kubevitals_node_degraded_recent_turns_nodes{%(panel)s})' % c, 'nodes with {{recent_turns}} by events'),
      ],
      { alerts: ['KubeVitalsNodeFlapping'], threshold: c.nodeFlapsInHour - 1, mayBeEmpty: true },
    ),
  ],
}
