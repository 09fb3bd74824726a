// Nodes that are not ready, with the cause; kubelets that stop their
// heartbeats; what other watchers of nodes report.
local g = import '../../dashboards/grafana.libsonnet';
local kubeletLogins = import '../kubelet_logins.libsonnet';
local leases = import '../leases.libsonnet';
local nodeHeartbeats = import '../node_heartbeats.libsonnet';
local promql = import '../promql.libsonnet';

local why = import '../causes.libsonnet';
local words = import '../node_causes.libsonnet';
local inWords = std.join('', [
  '{{ %s .Labels.cause "%s" }}%s' % [if i == 0 then 'if eq' else 'else if eq', std.objectFields(words)[i], words[std.objectFields(words)[i]]]
  for i in std.range(0, std.length(words) - 1)
]) + '{{ end }}';

function(c) {
  local k = c { ignored: c.nodeConditionsIgnored, good: c.nodeConditionsGood },
  local heartbeats = nodeHeartbeats(c),
  // Nodes under maintenance: somebody cordoned them, and they are not gone.
  local maintained = promql.line(|||
    (
      max by (%(by)s, node) (kubevitals_node_readiness_cordoned{%(selector)s}) == 1
      and on (%(by)s, node)
      max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause=~"%(nodeNotReadyCordonedCauses)s"}) == 1
    )
  ||| % c),
  // Nodes that should be ready and are not.
  local missing = promql.line(|||
    (
      max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause!="machine_gone"})
      unless on (%(by)s, node)
      %(maintained)s
    )
  ||| % (c { maintained: promql.indent(maintained) })),
  // Numbers of nodes, by the labels of which cluster is the first, that are many.
  local many(count) = promql.line(|||
    (
      (%(count)s / on (%(by)s) group_left () kubevitals:node:count >= %(manyNodesRatio)g and %(count)s >= %(manyNodesMinimum)s)
      or
      (%(count)s / on (%(by)s) group_left () kubevitals:node:count >= %(manyNodesLargeRatio)g and %(count)s >= %(manyNodesLargeMinimum)s)
      or
      (%(count)s / on (%(by)s) group_left () kubevitals:node:count and %(count)s >= %(manyNodesCount)s)
    )
  ||| % (c { count: count })),
  local manyMissing = many('kubevitals:node_not_ready:count'),
  // How long ago nodes stopped being ready, by their own time of change. The cause
  // is no label: it becomes clearer while the node stays away, and a new label
  // would start the alert again. Its text looks the cause up.
  local away(causes, seconds) = promql.line(|||
    (time() - max by (%(by)s, node) (kubevitals_node_readiness_transition_timestamp_seconds{%(selector)s}) > %(seconds)s)
    and on (%(by)s, node)
    max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause%(causes)s}) == 1
  ||| % (c { causes: causes, seconds: seconds })),
  local because = promql.lookup(c, 'max by (cause) (kubevitals_node_readiness_not_ready{%s, node=%%q} == 1)', ['node'], ', because ' + inWords),
  // How old the sample was when it was scraped, so that slow scrapes do not age it.
  local pleg(by, kubelets) = promql.line(|||
    min by (%(by)s) (
      label_replace(
        timestamp(kubelet_pleg_last_seen_seconds{%(kubelets)s}) - kubelet_pleg_last_seen_seconds{%(kubelets)s},
        "node", "$1", "%(kubeletNodeLabel)s", "(.+)"
      )
    )
  ||| % (c { by: by, kubelets: kubelets })),
  local problems = |||
    max by (%(by)s, node, condition) (kubevitals_node_readiness_condition{%(selector)s, condition!~"%(ignored)s", condition!~"%(good)s"}) == 1
    or
    min by (%(by)s, node, condition) (kubevitals_node_readiness_condition{%(selector)s, condition!~"%(ignored)s", condition=~"%(good)s"}) == 0
  ||| % k,

  name: 'node_readiness',
  area: 'nodes',
  foreign: { kubelet_pleg_last_seen_seconds: c.kubeletSelector },
  // Both are read several times by alerts, and take long to count in a large cluster.
  rules: [
    { record: 'kubevitals:node:count', expr: 'count by (%(by)s) (max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}))\n' % c },
    { record: 'kubevitals:node_not_ready:count', expr: 'count by (%s) (\n  %s\n)\n' % [c.by, promql.indent(missing)] },
  ],
  alerts: heartbeats.alerts + [
    {
      alert: 'KubeVitalsNodesNotReady',
      severity: 'critical',
      // The nodes themselves are its evidence.
      expr: |||
        %(many)s
        and on (%(by)s)
        group by (%(by)s) (kubevitals_node_readiness_not_ready{%(selector)s, cause!="machine_gone"})
      ||| % (c { many: manyMissing }),
      'for': '3m',
      keep_firing_for: '5m',
      summary: 'Many nodes are not ready at once.',
      explainedBy: why.seldom(why.nothingWritten) + why.ofCluster(['KubeVitalsZonesCutOff'], { inhibits: false }) + why.ofCluster(['KubeVitalsNetworkFailing'], { when: { fault: 'cut', network: 'node' }, inhibits: false }) + why.ofCluster(['KubeVitalsNetworkAgentsDown'], { inhibits: false }),
      description: '{{ $value | humanizePercentage }} of the nodes of cluster %(cluster)s are not ready. %(causes)s. {{ if ge $value 1.0 }}No node is left that is ready. {{ end }}One cause for all points at what they share. The dashboard and "kubevitals check -o json" name the nodes.',
      values: {
        causes: promql.each(
          c,
          'count by (cause) (max by (node, cause) (kubevitals_node_readiness_not_ready{%s, cause!="machine_gone"}) unless on (node) '
          + '(max by (node) (kubevitals_node_readiness_cordoned{%s}) and on (node) max by (node) (kubevitals_node_readiness_not_ready{%s, cause=~"' + c.nodeNotReadyCordonedCauses + '"})))',
          [],
          'cause',
          '{{ .Value }} node{{ if ne .Value 1.0 }}s, each{{ else }},{{ end }} because ' + inWords
        ),
      },
    },
    {
      alert: 'KubeVitalsNodeNotReady',
      each: 'node',
      severity: 'warning',
      expr: |||
        %(away)s
        unless on (%(by)s, node)
        %(maintained)s
        unless on (%(by)s)
        %(many)s
      ||| % (c { away: away('!="machine_gone"', c.nodeNotReadySeconds), maintained: maintained, many: manyMissing }),
      'for': '1m',
      summary: 'A node is not ready.',
      explainedBy: why.seldom(why.nothingWritten) + why.ofCluster(['KubeVitalsNodesNotReady']) + why.ofCluster(['KubeVitalsZonesCutOff'], { inhibits: false }) + why.noNode + why.on(['node'], ['KubeVitalsNodeCutOff', 'KubeVitalsKubeletCertificateExpired', 'KubeVitalsNodeNetworkAgentNotReady']) + why.on(['node'], ['KubeVitalsNodeAPIServerUnreachable', 'KubeVitalsFilesystemReadOnly', 'KubeVitalsFilesystemFull', 'KubeVitalsNodeDiskPressure', 'KubeVitalsWatchStreamsExhausted', 'KubeVitalsNodeOutOfMemory', 'KubeVitalsKernelTrouble', 'KubeVitalsNodeProblem', 'KubeVitalsNodeLogKnownCause'], { inhibits: false }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has not been ready for {{ $value | humanizeDuration }}%(because)s.%(agent)s%(certificate)s%(login)s%(request)s%(overdue)s',
      values: {
        because: because,
        login: kubeletLogins(c).says,
        request: kubeletLogins(c).request,
        certificate: promql.lookup(
          c,
          'time() - max (kubevitals_certificates_kubelet_client_expiry_timestamp_seconds{%s, node=%%q}) > 0',
          ['node'],
          ' The certificate with which its kubelet logs in at the API server expired {{ .Value | humanizeDuration }} ago.'
        ),
        agent: promql.lookup(
          c,
          'max by (addon) (max_over_time(kubevitals_addon_health_crash_loop_pods{%%s, node=%%%%q, addon=~"%s"}[10m])) > 0' % (import '../network_addons.libsonnet').names,
          ['node'],
          ' The agent of its network, {{ .Labels.addon }}, keeps crashing there.'
        ),
        overdue: promql.lookup(
          c,
          'sum(max by (hold) (kubevitals_terminating_pods_overdue{%s, node=%%q, hold=~"node_.+"})) > 0',
          ['node'],
          ' Pods of it that should be gone and are still there: {{ .Value | humanize }}.'
        ),
      },
    },
    {
      alert: 'KubeVitalsCordonedNodeNotReady',
      each: 'node',
      severity: 'info',
      expr: |||
        %(away)s
        and on (%(by)s, node)
        %(maintained)s
      ||| % (c { away: away('!="machine_gone"', c.nodeNotReadySeconds), maintained: maintained }),
      'for': '1m',
      summary: 'A node that somebody cordoned is not ready.',
      explainedBy: why.noNode + why.on(['node'], ['KubeVitalsFilesystemReadOnly', 'KubeVitalsFilesystemFull', 'KubeVitalsNodeDiskPressure'], { inhibits: false }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s is cordoned, and has not been ready for {{ $value | humanizeDuration }}%(because)s. Somebody is at work there, or forgot it: nothing new is placed on it until it is uncordoned.',
      values: { because: because },
    },
    {
      alert: 'KubeVitalsNodeMachineGone',
      each: 'node',
      severity: 'info',
      expr: away('="machine_gone"', c.nodeMachineGoneSeconds) + '\n',
      'for': '5m',
      summary: 'A node is still registered though its machine is gone.',
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has not been ready for {{ $value | humanizeDuration }}, and %(cause)s%(sign)s: pods and volumes that are bound to the node wait for it.',
      values: {
        cause: words.machine_gone,
        sign: promql.lookup(
          c,
          'max by (sign) (kubevitals_node_readiness_leaving{%s, node=%%q} == 1)',
          ['node'],
          ' ({{ if eq .Labels.sign "cordoned_and_off" }}it was cordoned, and its host does not answer{{ else if eq .Labels.sign "deletion" }}its Node is being deleted{{ else }}{{ .Labels.sign }} on the node says so{{ end }})'
        ),
      },
    },
    {
      alert: 'KubeVitalsManyNodesFailing',
      severity: 'critical',
      // Each of the alerts of single nodes that can become many records its nodes.
      expr: many('count by (%s, fault) (group by (%s, node, fault) (kubevitals:node_fault))' % [c.by, c.by]) + '\n',
      'for': '5m',
      keep_firing_for: '5m',
      explainedBy: why.ofCluster(['KubeVitalsCloudControllerManagerDown'], { where: { fault: 'startup_taint' }, inhibits: false }),
      summary: 'Many nodes have the same problem, which on a single node is only a warning.',
      description: '{{ $value | humanizePercentage }} of the nodes of cluster %(cluster)s have the trouble {{ $labels.fault }}: one cause for all is likely, and the others seldom have room for the pods of so many. The alerts of the single nodes name them.',
    },
    {
      alert: 'KubeVitalsNodeProblem',
      each: 'node',
      severity: 'warning',
      expr: problems,
      'for': '5m',
      summary: 'A condition of a node reports a problem.',
      explainedBy: why.on(['node'], ['KubeVitalsFilesystemReadOnly'], { where: { condition: 'ReadonlyFilesystem' }, inhibits: false }) + why.on(['node'], ['KubeVitalsKubeletRestartLoop'], { where: { condition: 'FrequentKubeletRestart' }, inhibits: false }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has a bad condition {{ $labels.condition }}%(reason)s.',
      values: { reason: promql.lookup(c, 'max by (reason) (kubevitals_node_readiness_condition{%s, node=%%q, condition=%%q})', ['node', 'condition'], ', with the reason {{ .Labels.reason }}') },
    },
    {
      alert: 'KubeVitalsNodeProblemDetectorSilent',
      each: 'node',
      severity: 'info',
      expr: |||
        time() - max by (%(by)s, node, condition) (kubevitals_node_readiness_condition_heartbeat_timestamp_seconds{%(selector)s}) > %(nodeConditionStaleSeconds)s
        and on (%(by)s, condition)
        time() - max by (%(by)s, condition) (kubevitals_node_readiness_condition_heartbeat_timestamp_seconds{%(selector)s}) < %(nodeConditionStaleSeconds)s / 2
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0
      ||| % c,
      'for': '10m',
      summary: 'The problem detector of a node has stopped.',
      explainedBy: why.lostNode,
      description: 'Condition {{ $labels.condition }} of node {{ $labels.node }} of cluster %(cluster)s was last confirmed {{ $value | humanizeDuration }} ago, while it is confirmed on other nodes: whatever it says is out of date.',
    },
    {
      alert: 'KubeVitalsKubeletPLEGSlow',
      each: 'node',
      severity: 'warning',
      expr: |||
        %(age)s > %(nodePLEGSeconds)s
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0
        unless on (%(by)s)
        %(nothingWritten)s
      ||| % (c { age: pleg(c.by + ', node', c.kubeletSelector), nothingWritten: leases(c).nothingWritten }),
      'for': '2m',
      summary: 'A kubelet has not listed its containers for a while.',
      explainedBy: why.lostNode + why.noRuntime + why.on(['node'], ['KubeVitalsFilesystemDead']),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s last listed its containers {{ $value | humanizeDuration }} ago; it does so every second, and after 3 minutes the node stops being ready.',
    },
  ],
  panels: heartbeats.panels + [
    g.timeseries(
      'Nodes not ready',
      'Nodes that are not ready, by cause.',
      'short',
      [g.target('count by (cause) (max by (node, cause) (kubevitals_node_readiness_not_ready{%(panel)s, node=~"$node"}))' % k, '{{cause}}')],
      { alerts: ['KubeVitalsNodesNotReady', 'KubeVitalsNodeNotReady', 'KubeVitalsNodeMachineGone'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Share of nodes that are not ready',
      'Nodes that should be ready and are not, as a share of all; those under maintenance and those whose machine is gone are left out.',
      'percentunit',
      [g.target('kubevitals:node_not_ready:count{%(by)s="$cluster"} / on (%(by)s) kubevitals:node:count{%(by)s="$cluster"}' % k, 'not ready')],
      { alerts: ['KubeVitalsNodesNotReady', 'KubeVitalsManyNodesFailing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes with the same trouble',
      'Nodes by trouble, of the kinds that are a warning on one node and an emergency on many.',
      'short',
      [g.target('count by (fault) (group by (%(by)s, node, fault) (kubevitals:node_fault{%(by)s="$cluster", node=~"$node"}))' % k, '{{fault}}')],
      { alerts: ['KubeVitalsManyNodesFailing'], mayBeEmpty: true },
    ),
    g.table(
      'Nodes that are cordoned',
      'Nodes on which nothing new is placed; that they are not ready warns of nothing unless their host does not answer.',
      [g.column('max by (node) (kubevitals_node_readiness_cordoned{%(panel)s, node=~"$node"}) == 1' % k)],
      { alerts: ['KubeVitalsCordonedNodeNotReady'], mayBeEmpty: true },
    ),
    g.table(
      'Nodes that leave',
      'What says that the machine of a node is shut down or about to be removed.',
      [g.column('max by (node, sign) (kubevitals_node_readiness_leaving{%(panel)s, node=~"$node"})' % k)],
      { alerts: ['KubeVitalsNodeMachineGone'], mayBeEmpty: true },
    ),
    g.stateTimeline(
      'Ready',
      'Whether each node is ready.',
      [g.target('max by (node) (kubevitals_node_readiness_ready{%(panel)s, node=~"$node"})' % k, '{{node}}')],
      { alerts: ['KubeVitalsNodeNotReady'] },
    ),
    g.table(
      'Nodes that are not ready',
      'Each node that is not ready, with its cause, and for how long.',
      [g.column(|||
        (time() - max by (node) (kubevitals_node_readiness_transition_timestamp_seconds{%(panel)s, node=~"$node"}))
          * on (node) group_right ()
          max by (node, cause) (kubevitals_node_readiness_not_ready{%(panel)s, node=~"$node"})
      ||| % k, 'Not ready for', 's')],
      { alerts: ['KubeVitalsNodeNotReady', 'KubeVitalsNodeMachineGone'], mayBeEmpty: true },
    ),
    g.stateTimeline(
      'Conditions set by others',
      "Conditions of nodes that are not the kubelet's own, such as those of the Node Problem Detector; for most of them yes is bad, for those whose name ends in Ready no is.",
      [g.target('max by (node, condition, reason) (kubevitals_node_readiness_condition{%(panel)s, node=~"$node"})' % k, '{{node}} {{condition}} {{reason}}')],
      { alerts: ['KubeVitalsNodeProblem'], badWhen: 1, mayBeEmpty: true },
    ),
    g.timeseries(
      'Age of conditions set by others',
      "Time since each condition that is not the kubelet's own was last confirmed.",
      's',
      [g.target('time() - max by (node, condition) (kubevitals_node_readiness_condition_heartbeat_timestamp_seconds{%(panel)s, node=~"$node"})' % k, '{{node}} {{condition}}')],
      { alerts: ['KubeVitalsNodeProblemDetectorSilent'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Time since containers were listed',
      'Time since each kubelet last listed its containers (PLEG), as it says itself; after 3 minutes the node is not ready.',
      's',
      [g.target(pleg('node', '%s, %s="$cluster"' % [c.kubeletSelector, c.clusterLabel]), '{{node}}')],
      { alerts: ['KubeVitalsKubeletPLEGSlow'], threshold: k.nodePLEGSeconds, mayBeEmpty: true },
    ),
  ],
}
