// What the signal connectivity records: failing paths, the nodes and zones that are
// the cause of many of them, and paths that no node explains. The reference that it
// is compared with is test/connectivity.
local promql = import 'promql.libsonnet';

function(c) {
  // What fails: cut, or mtu if only large packets are lost. Refused connections
  // prove the network to be well.
  local results = { cut: 'timeout|no_route', mtu: 'large_failed' },
  local k = c {
    down: 'max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause=~"%(connectivityKnownDown)s"})' % c,
    // The ratio of the nodes that are causes, by what they cause.
    nodes: 'kubevitals:connectivity_cause:ratio',
    zones: 'kubevitals:connectivity_zones_cut:ratio',
    lone: 'kubevitals:connectivity_lone_path',
    wide: 'kubevitals:connectivity_wide:count',
    bad: 'kubevitals:connectivity_bad_path',
    // How many paths begin at a node (out) and end there (in), the good ones among them.
    // There are many paths, so that they are counted once, for all rules.
    count: 'kubevitals:connectivity_paths:count',
    // How many nodes are probed, those that are down among them.
    peers: 'kubevitals:connectivity_peers:count',
  },
  local paths(matchers='') = 'kubevitals_connectivity_path{%s}' % std.join(', ', [c.nodeSelector] + if matchers == '' then [] else [matchers]),
  // Paths that have a node at neither end which is known to be down.
  local known(matchers) = promql.line(|||
    %(paths)s
    unless on (%(by)s, node) %(down)s
    unless on (%(by)s, peer) label_replace(%(down)s, "peer", "$1", "node", "(.+)")
  ||| % (k { paths: paths(matchers) })),
  // The number of paths that the nodes have as their beginning (out) or end (in).
  local counted(side, paths) = {
    out: 'count by (%s, node, direction) (%s)' % [c.by, paths],
    'in': 'sum by (%s, node, direction) (label_replace(count by (%s, peer, direction) (%s), "node", "$1", "peer", "(.+)"))' % [c.by, c.by, paths],
  }[side],
  local cause(fault, side) = {
    record: k.nodes,
    labels: { fault: fault, side: side },
    expr: |||
      %(bad)s
        / on (%(by)s, node, direction)
        max by (%(by)s, node, direction) (%(count)s{side="%(side)s"})
      > %(connectivityNodeRatio)g
      and
      %(bad)s >= %(connectivityNodePaths)s
    ||| % (k { bad: counted(side, '%s{fault="%s"}' % [k.bad, fault]), side: side }),
  },
  local at(matchers) = 'max by (%s, node) (%s{%s})' % [c.by, k.nodes, matchers],
  local distinct(paths, end) = 'count by (%(by)s, zone, other_zone) (group by (%(by)s, zone, other_zone, %(end)s) (%(paths)s))' % (c { end: end, paths: paths }),
  local crossing = k.bad + '{fault="cut", direction="node_to_node", other_zone!=""}',
  // Failing paths whose ends no cause explains.
  local lone(fault, explained) = {
    record: k.lone,
    labels: { fault: fault },
    expr: |||
      group by (%(by)s, node, peer, direction) (%(bad)s{fault="%(fault)s"})
      unless on (%(by)s, node) %(nodes)s{%(explained)s}
      unless on (%(by)s, peer) label_replace(%(nodes)s{%(explained)s}, "peer", "$1", "node", "(.+)")
    ||| % (k { fault: fault, explained: explained }),
  },
  // Many at once, by which network the paths end in: that of nodes alone, or also
  // that of pods.
  local many(fault, network, nodes, directions) = {
    record: k.wide,
    labels: { fault: fault, network: network },
    expr: |||
      (%(nodes)s) > %(connectivityManyNodes)s
      or
      (
        (%(nodes)s) >= 2
        and on (%(by)s)
        (%(nodes)s) >= on (%(by)s) %(connectivityManyRatio)g * max by (%(by)s) (%(peers)s)
      )
      or
      count by (%(by)s) (%(lone)s{fault="%(fault)s", direction%(directions)s}) > %(connectivityManyPaths)s
    ||| % (k { nodes: 'count by (%s) (%s)' % [c.by, nodes], directions: directions, fault: fault }),
  },
  local ofNodes(fault) = at('fault="%s", direction="node_to_node"' % fault),
  local ofPods(fault) = at('fault="%s", direction!="node_to_node"' % fault) + ' unless on (%s, node) ' % c.by + ofNodes(fault),

  names:: k,
  paths:: paths,
  counted:: counted,
  at:: at,
  ofNodes:: ofNodes,
  rules: [
    {
      record: k.bad,
      labels: { fault: fault },
      expr: 'group by (%s, node, zone, direction, peer, other_zone) (\n  %s\n)\n' % [c.by, promql.indent(known('result=~"%s"' % results[fault]))],
    }
    for fault in ['cut', 'mtu']
  ] + [
    { record: k.count, labels: { side: side }, expr: counted(side, known('result!="refused"')) + '\n' }
    for side in ['out', 'in']
  ] + [
    { record: k.peers, expr: 'count by (%s) (group by (%s, peer) (%s))\n' % [c.by, c.by, paths()] },
  ] + [
    cause(fault, side)
    for fault in ['cut', 'mtu']
    for side in ['out', 'in']
  ] + [
    {
      record: k.zones,
      expr: |||
        count by (%(by)s, zone, other_zone) (%(crossing)s)
          / count by (%(by)s, zone, other_zone) (%(all)s)
        > %(connectivityZoneRatio)g
        and %(from)s >= %(connectivityZoneNodes)s
        and %(to)s >= %(connectivityZoneNodes)s
      ||| % (c { crossing: crossing, all: known('direction="node_to_node", other_zone!="", result!="refused"'), from: distinct(crossing, 'node'), to: distinct(crossing, 'peer') }),
    },
    lone('cut', 'fault="cut"'),
    lone('mtu', 'fault=~".+"'),
  ] + [
    rule
    for fault in ['cut', 'mtu']
    for rule in [many(fault, 'node', ofNodes(fault), '="node_to_node"'), many(fault, 'pod', ofPods(fault), '!="node_to_node"')]
  ],
}
