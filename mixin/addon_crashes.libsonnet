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
    'max by (reason, exit) (%s) > 0' % lately('%[2]q'),
    labels,
    'reason',
    '{{ .Value }} ended with {{ .Labels.reason }} ({{ .Labels.exit }})'
  ),

  // How the containers ended, after some words; nothing where none is known to crash.
  after(words):: promql.lookup(c, 'max (%s) > 0' % lately('%%q'), labels, '%s: %s.' % [words, ends]),
}
