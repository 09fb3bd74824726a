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
    // How many nodes there are that can be probed, those that are down among them; only
    // where a node is the cause of something.
    agents: 'max by (%(by)s) (kubevitals_connectivity_agents{%(nodeSelector)s, network="node"} and on (%(by)s) kubevitals:connectivity_cause:ratio)' % c,
  },
  local paths(matchers='') = 'kubevitals_connectivity_path{%s}' % std.join(', ', [c.nodeSelector] + if matchers == '' then [] else [matchers]),
  // Agents count their good paths, and tell of the others one by one.
  local good(matchers='') = 'kubevitals_connectivity_good_paths{%s}' % std.join(', ', [c.nodeSelector] + if matchers == '' then [] else [matchers]),
  // By how many a node is probed in one direction, where there are such paths. It is as
  // many as it probes, which another has to say for one that is not reached. All agents
  // tell of it, so that it is read in full only where something fails.
  local probers(paths) = 'max by (%s, direction) (kubevitals_connectivity_peers{%s} and on (%s, direction) %s)' % [c.by, c.nodeSelector, c.by, paths],
  // Paths that have a node at neither end which is known to be down.
  local known(matchers) = promql.line(|||
    %(paths)s
    unless on (%(by)s, node) %(down)s
    unless on (%(by)s, peer) label_replace(%(down)s, "peer", "$1", "node", "(.+)")
  ||| % (k { paths: paths(matchers) })),
  // The number of paths that the nodes have as their beginning (out) or end (in), by
  // direction and what else is said.
  local counted(side, paths, also='') = {
    out: 'count by (%s, node, direction%s) (%s)' % [c.by, also, paths],
    'in': 'sum by (%s, node, direction%s) (label_replace(count by (%s, peer, direction%s) (%s), "node", "$1", "peer", "(.+)"))' % [c.by, also, c.by, also, paths],
  }[side],
  // The number of paths in which bad ones are a share, at the nodes that have any: of
  // those that begin there the good and the bad ones, and of those that end there all
  // that there should be, without those of which nothing is known.
  local all = {
    out: |||
      %(bad)s
      + on (%(by)s, node, direction)
      sum by (%(by)s, node, direction) (%(good)s and on (%(by)s, node, direction) %(paths)s)
    ||| % (c { bad: counted('out', k.bad), good: good(), paths: k.bad }),
    'in': |||
      0 * %(bad)s + on (%(by)s, direction) group_left () %(probers)s
      - on (%(by)s, node, direction)
      (
        %(refused)s
        or on (%(by)s, node, direction)
        0 * %(bad)s
      )
    ||| % (c { bad: counted('in', k.bad), probers: probers(k.bad), refused: counted('in', paths('result="refused"')) }),
  },
  local cause(side) = {
    record: k.nodes,
    labels: { side: side },
    expr: |||
      %(bad)s
        / on (%(by)s, node, direction) group_left ()
        (
          %(all)s
        )
      > %(connectivityNodeRatio)g
      and
      %(bad)s >= %(connectivityNodePaths)s
    ||| % (k { bad: counted(side, k.bad, ', fault'), all: promql.indent(promql.indent(all[side])) }),
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
        (%(nodes)s) >= on (%(by)s) %(connectivityManyRatio)g * %(agents)s
      )
      or
      count by (%(by)s) (%(lone)s{fault="%(fault)s", direction%(directions)s}) > %(connectivityManyPaths)s
    ||| % (k { nodes: 'count by (%s) (%s)' % [c.by, nodes], directions: directions, fault: fault }),
  },
  local ofNodes(fault) = at('fault="%s", direction="node_to_node"' % fault),
  local ofPods(fault) = at('fault="%s", direction!="node_to_node"' % fault) + ' unless on (%s, node) ' % c.by + ofNodes(fault),

  names:: k,
  paths:: paths,
  good:: good,
  probers:: probers,
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
    cause(side)
    for side in ['out', 'in']
  ] + [
    {
      record: k.zones,
      expr: |||
        count by (%(by)s, zone, other_zone) (%(crossing)s)
          / on (%(by)s, zone, other_zone)
          (
            count by (%(by)s, zone, other_zone) (%(bad)s)
            + on (%(by)s, zone, other_zone)
            sum by (%(by)s, zone, other_zone) (%(good)s and on (%(by)s, zone, other_zone) %(bad)s)
          )
        > %(connectivityZoneRatio)g
        and %(from)s >= %(connectivityZoneNodes)s
        and %(to)s >= %(connectivityZoneNodes)s
      ||| % (c {
               crossing: crossing,
               bad: k.bad + '{direction="node_to_node", other_zone!=""}',
               good: good('direction="node_to_node", other_zone!=""'),
               from: distinct(crossing, 'node'),
               to: distinct(crossing, 'peer'),
             }),
    },
    lone('cut', 'fault="cut"'),
    lone('mtu', 'fault=~".+"'),
  ] + [
    rule
    for fault in ['cut', 'mtu']
    for rule in [many(fault, 'node', ofNodes(fault), '="node_to_node"'), many(fault, 'pod', ofPods(fault), '!="node_to_node"')]
  ],
}
