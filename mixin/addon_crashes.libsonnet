// What descriptions say of the pods of an addon that crash: of the addon that the
// alert names, or of a certain one.
local promql = import 'promql.libsonnet';

function(c, addon=null) {
  // A container that crashes runs for a moment between its crashes.
  local lately(quoted, matchers='') =
    'max_over_time(kubevitals_addon_health_crash_loop_pods{%%s, addon=%s%s}[10m])' % [if addon == null then quoted else '"%s"' % addon, matchers],
  local labels = if addon == null then ['addon'] else [],
  local ends = promql.each(
    c,
    'sum by (reason, exit) (max by (node, reason, exit) (%s)) > 0' % lately('%[2]q'),
    labels,
    'reason',
    '{{ .Value }} ended with {{ .Labels.reason }} ({{ .Labels.exit }})'
  ),

  // The nodes that they crash on: few are what is wrong with those nodes, many are a number.
  local onNodes(quoted) = 'max by (node) (%s)' % lately(quoted, ', node!=""'),
  local few = promql.each(c, '(%s > 0) and on () (count(%s) <= 5)' % [onNodes('%[2]q'), onNodes('%[2]q')], labels, 'node', '{{ if not $i }} They crash on {{ end }}{{ .Labels.node }}'),
  local end = promql.lookup(c, 'count(%s) <= 5' % onNodes('%%q'), labels, '.'),
  local many = promql.lookup(c, 'count(%s) > 5' % onNodes('%%q'), labels, ' They crash on {{ .Value }} nodes.'),

  // On which nodes they crash.
  on:: few + end + many,
  // How the containers ended, after some words; nothing where none is known to crash.
  after(words):: promql.lookup(c, 'max (%s) > 0' % lately('%%q'), labels, '%s: %s.' % [words, ends]),
}
