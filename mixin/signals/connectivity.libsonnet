// The network does not let nodes, or pods and nodes, reach each other. The agents
// tell of directed paths; who is the cause is decided by the rules, from the ends
// that failing paths have in common.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local recording = (import '../connectivity_rules.libsonnet')(c),
  local k = recording.names,
  local at = recording.at,
  local ofNodes = recording.ofNodes,
  local paths = recording.paths,
  // What is wrong between nodes, and which of them have an agent that tells of its paths.
  local betweenNodes = k {
    into: at('fault="cut", direction="node_to_node", side="in"'),
    out: at('fault="cut", direction="node_to_node", side="out"'),
    heard: recording.good('direction="node_to_node"'),
  },
  // Nothing is told of single nodes and paths while zones or the network are told of.
  local silent(expr, wide) = |||
    (
      %(expr)s
    )
    unless on (%(by)s) max by (%(by)s) (%(zones)s)
    unless on (%(by)s) max by (%(by)s) (%(wide)s{%(which)s})
  ||| % (k { expr: promql.indent(expr), which: wide }),
  // One alert however many directions fail, named if it is one.
  local oneOrSeveral(expr, by, several) = |||
    (
      %(expr)s
    )
    and on (%(by)s) count by (%(by)s) (%(flat)s) == 1
    or
    %(several)s
  ||| % { expr: promql.indent(expr), flat: promql.oneLine(expr), by: by, several: several('count by (%s) (%s) > 1' % [by, promql.oneLine(expr)]) },
  local podCauses = 'max by (%(by)s, node, direction, side) (%(nodes)s{fault="cut", direction!="node_to_node"})\nunless on (%(by)s, node) %(alone)s' % (k { alone: ofNodes('cut') }),
  local perZone = 'count by (%s, other_zone) (%s)' % [c.by, k.zones],
  local worstZone = '(%s == on (%s) group_left () max by (%s) (%s))' % [perZone, c.by, c.by, perZone],

  // In words, to follow "Connections".
  local directionInWords = '{{ if eq $labels.direction "node_to_node" }}between nodes{{ else if eq $labels.direction "node_to_pod" }}from nodes to pods{{ else if eq $labels.direction "pod_to_node" }}from pods to nodes{{ else if eq $labels.direction "pod_to_pod" }}from pods to pods{{ else }}of several kinds{{ end }}',
  local recorded = '%s="$cluster"' % c.clusterLabel,

  name: 'connectivity',
  area: 'network',
  slow: true,
  rules: recording.rules,
  alerts: [
    {
      alert: 'KubeVitalsZonesCutOff',
      severity: 'critical',
      expr: |||
        max by (%(by)s, zone) (label_replace(%(worst)s, "zone", "$1", "other_zone", "(.+)")) and on (%(by)s) count by (%(by)s) (%(worst)s) == 1
        or
        label_replace(count by (%(by)s) (%(worst)s) > 1, "zone", "several", "", "")
      ||| % (c { worst: worstZone }),
      'for': '2m',
      summary: 'The network between zones is cut.',
      description: '{{ if eq $labels.zone "several" }}{{ $value }} zones of cluster %(cluster)s do not reach each other{{ else }}Zone {{ $labels.zone }} of cluster %(cluster)s is not reached from {{ $value }} other zones{{ end }}: most paths between their nodes fail. Leaders, quorums and Services that span zones fail or split; alerts about single nodes are silent meanwhile.',
    },
    {
      alert: 'KubeVitalsNetworkFailing',
      severity: 'critical',
      expr: |||
        (
          max by (%(by)s, network, fault) (%(wide)s{network="node"})
          or
          max by (%(by)s, network, fault) (%(wide)s{network="pod"})
          unless on (%(by)s, fault) %(wide)s{network="node"}
        )
        unless on (%(by)s) max by (%(by)s) (%(zones)s)
      ||| % k,
      'for': '2m',
      summary: 'The network fails at many places of the cluster.',
      explainedBy: why.ofCluster(['KubeVitalsZonesCutOff']),
      description: '{{ $value }} nodes or paths of cluster %(cluster)s fail at once in the network {{ if eq $labels.network "node" }}of the nodes{{ else }}of the pods{{ end }}{{ if eq $labels.fault "mtu" }}, for large packets only{{ end }}: connections between many nodes do not work. One cause is likely; alerts about single nodes and paths are silent meanwhile.',
    },
    {
      alert: 'KubeVitalsNodeCutOff',
      each: 'node',
      severity: 'warning',
      expr: silent(|||
        %(into)s and on (%(by)s, node) %(out)s
        or
        %(into)s unless on (%(by)s, node) %(heard)s
      ||| % betweenNodes, 'fault="cut", network="node"'),
      'for': '3m',
      summary: 'A node is cut off from the other nodes.',
      explainedBy: why.ofCluster(['KubeVitalsZonesCutOff']) + why.ofCluster(['KubeVitalsNetworkFailing'], { when: { fault: 'cut', network: 'node' } }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s and the nodes that probe it do not reach each other; these reach the rest. What its pods serve fails, and its kubelet may be the next to be missed.',
    },
    {
      alert: 'KubeVitalsNodeOneWay',
      each: 'node',
      severity: 'warning',
      expr: silent(|||
        max by (%(by)s, node, side) (%(nodes)s{fault="cut", direction="node_to_node", side="out"}) unless on (%(by)s, node) %(into)s
        or
        max by (%(by)s, node, side) (%(nodes)s{fault="cut", direction="node_to_node", side="in"}) unless on (%(by)s, node) %(out)s
        and on (%(by)s, node) %(heard)s
      ||| % betweenNodes, 'fault="cut", network="node"'),
      'for': '3m',
      summary: 'A node opens connections to other nodes or is reached by them, but not both.',
      explainedBy: why.ofCluster(['KubeVitalsZonesCutOff']) + why.ofCluster(['KubeVitalsNetworkFailing'], { when: { fault: 'cut', network: 'node' } }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s {{ if eq $labels.side "in" }}is not reached by other nodes, though it reaches others{{ else }}does not reach other nodes, though others reach it{{ end }}: packets pass both ways, and something drops connections by who opens them.',
    },
    {
      alert: 'KubeVitalsNodePodNetworkCut',
      each: 'node',
      severity: 'warning',
      expr: silent(oneOrSeveral(podCauses, c.by + ', node', function(counted) 'label_replace(label_replace(%s, "direction", "several", "", ""), "side", "both", "", "")' % counted), 'fault="cut"'),
      'for': '3m',
      summary: 'The pod network of a node does not work, though the node is reached.',
      explainedBy: why.ofCluster(['KubeVitalsZonesCutOff']) + why.ofCluster(['KubeVitalsNetworkFailing'], { when: { fault: 'cut' } }),
      description: 'Connections %(direction)s that {{ if eq $labels.side "in" }}lead to{{ else if eq $labels.side "out" }}begin on{{ else }}begin or end on{{ end }} node {{ $labels.node }} of cluster %(cluster)s fail, while those between the node and other nodes work: the fault is in what connects its pods, not in the network below.',
      values: { direction: directionInWords },
    },
    {
      alert: 'KubeVitalsPathFailing',
      each: 'path',
      severity: 'warning',
      expr: silent(oneOrSeveral('max by (%(by)s, node, peer, direction) (%(lone)s{fault="cut"})' % k, c.by + ', node, peer', function(counted) 'label_replace(%s, "direction", "several", "", "")' % counted), 'fault="cut"'),
      'for': '5m',
      summary: 'The path from one node to another fails, while both are well otherwise.',
      explainedBy: why.ofCluster(['KubeVitalsZonesCutOff']) + why.ofCluster(['KubeVitalsNetworkFailing'], { when: { fault: 'cut' } }),
      description: 'Connections %(direction)s, from node {{ $labels.node }} to node {{ $labels.peer }} of cluster %(cluster)s, fail; both reach others. Neither node is the cause, but something on the path between them or a rule for this pair.',
      values: { direction: directionInWords },
    },
    {
      alert: 'KubeVitalsPathMTU',
      each: 'path',
      severity: 'warning',
      expr: silent(|||
        %(any)s unless on (%(by)s, node) %(cut)s
        or
        max by (%(by)s, node, peer) (%(lone)s{fault="mtu"})
      ||| % (k { any: at('fault="mtu"'), cut: at('fault="cut"') }), 'fault="mtu"'),
      'for': '5m',
      summary: 'Large packets are lost on the way between nodes, and small ones are not.',
      description: 'Large packets from or to node {{ $labels.node }} of cluster %(cluster)s are lost on the way {{ with $labels.peer }}to node {{ . }}{{ else }}to most of its peers{{ end }}, and small ones pass: connections are made and then hang. The MTU is larger at an end than somewhere on the way.',
    },
    {
      alert: 'KubeVitalsPathsRefused',
      severity: 'warning',
      expr: |||
        count by (%(by)s) (
          %(refused)s / on (%(by)s, direction) group_left () %(probers)s
          > %(connectivityNodeRatio)g
        )
      ||| % (k { refused: recording.counted('in', paths('result="refused"')), probers: recording.probers(paths('result="refused"')) }),
      'for': '15m',
      summary: 'Agents are refused when they probe others, so these paths are blind spots.',
      description: 'Nodes of cluster %(cluster)s that refuse most of those that probe them in one direction: {{ $value }}. The agent does not run there, or a rule refuses its port. Whether the network works there is not known.',
    },
  ],
  panels: [
    g.timeseries(
      'Paths by what they come to',
      'Directed paths between nodes that are probed, by what the last round of probes came to.',
      'short',
      [
        g.target('sum by (direction) (max by (node, direction, other_zone) (kubevitals_connectivity_good_paths{%(nodePanel)s, node=~"$node"}))' % k, '{{direction}} ok'),
        g.target('count by (direction, result) (max by (node, peer, direction, result) (kubevitals_connectivity_path{%(nodePanel)s, node=~"$node"}))' % k, '{{direction}} {{result}}'),
      ],
      { alerts: ['KubeVitalsNetworkFailing', 'KubeVitalsZonesCutOff', 'KubeVitalsNodeCutOff', 'KubeVitalsPathFailing'] },
    ),
    g.timeseries(
      'Peers of a node',
      'Other nodes that each node probes and is probed by, at the most, by direction.',
      'short',
      [g.target('max by (direction) (kubevitals_connectivity_peers{%(nodePanel)s, node=~"$node"})' % k, '{{direction}}')],
      { alerts: ['KubeVitalsNodeOneWay', 'KubeVitalsPathsRefused'], mayBeEmpty: true },
    ),
    g.table(
      'Failing paths',
      'Each directed path that is not good, from node to peer, with what its probes come to.',
      [g.column('max by (node, peer, direction, result) (kubevitals_connectivity_path{%(nodePanel)s, node=~"$node"})' % k)],
      { alerts: ['KubeVitalsPathFailing', 'KubeVitalsPathMTU', 'KubeVitalsPathsRefused'], mayBeEmpty: true },
    ),
    g.table(
      'Nodes that are the cause',
      'Nodes of which most paths of one kind fail, and the share that does: out begin there, in end there; mtu fails for large packets only.',
      [g.column('max by (node, direction, side, fault) (kubevitals:connectivity_cause:ratio{%s, node=~"$node"})' % recorded, 'Share of paths', 'percentunit')],
      { alerts: ['KubeVitalsNodeCutOff', 'KubeVitalsNodeOneWay', 'KubeVitalsNodePodNetworkCut', 'KubeVitalsPathMTU'], mayBeEmpty: true },
    ),
    g.table(
      'Paths that no node explains',
      'Failing paths whose ends are both well otherwise.',
      [g.column('max by (node, peer, direction, fault) (kubevitals:connectivity_lone_path{%s, node=~"$node"})' % recorded)],
      { alerts: ['KubeVitalsPathFailing', 'KubeVitalsPathMTU'], mayBeEmpty: true },
    ),
    g.table(
      'Partitioned zones',
      'Pairs of zones between whose nodes most paths fail, and the share that does.',
      [g.column('max by (zone, other_zone) (kubevitals:connectivity_zones_cut:ratio{%s})' % recorded, 'Share of paths', 'percentunit')],
      { alerts: ['KubeVitalsZonesCutOff'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Failing at many places',
      'Nodes, or paths that no node explains, that fail at once, where they are so many that the network as a whole is told of.',
      'short',
      [g.target('max by (network, fault) (kubevitals:connectivity_wide:count{%s})' % recorded, '{{network}} {{fault}}')],
      { alerts: ['KubeVitalsNetworkFailing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Lost probes',
      'Share of single probes that were not answered in full, by direction; a lost packet now and then is normal, and no failed path.',
      'percentunit',
      [g.target(|||
        sum by (direction) (rate(kubevitals_connectivity_probes_total{%(nodePanel)s, node=~"$node", result=~"timeout|no_route|large_failed"}[$__rate_interval]))
          / sum by (direction) (rate(kubevitals_connectivity_probes_total{%(nodePanel)s, node=~"$node"}[$__rate_interval]))
      ||| % k, '{{direction}}')],
      { mayBeEmpty: true },
    ),
    g.timeseries(
      'Round trip time',
      'Round trip time of a node in the middle to its peer in the middle, and to the slowest peer of the slowest node, by direction; failed probes are not in it.',
      's',
      [
        g.target('quantile by (direction) (0.5, max by (node, direction) (kubevitals_connectivity_rtt_seconds{%(nodePanel)s, node=~"$node", quantile="0.5"}))' % k, '{{direction}} median'),
        g.target('max by (direction) (kubevitals_connectivity_rtt_seconds{%(nodePanel)s, node=~"$node", quantile="1"})' % k, '{{direction}} slowest'),
      ],
    ),
    g.timeseries(
      'Agents',
      'Agents that the best informed agent knows, by the network that they are in; it should be the number of nodes.',
      'short',
      [g.target('max by (network) (kubevitals_connectivity_agents{%(nodePanel)s})' % k, '{{network}}')],
    ),
  ],
}
