// What Leases tell together: while nothing can be written none is renewed, and then
// none tells of its holder.
local promql = import 'promql.libsonnet';

function(c) {
  // By the time of the sample, so that a slow scrape does not age it.
  local age = promql.line(|||
    min by (%(by)s) (
      timestamp(kubevitals_control_plane_leases_newest_change_timestamp_seconds{%(selector)s})
        - kubevitals_control_plane_leases_newest_change_timestamp_seconds{%(selector)s}
    )
  ||| % c),
  // Where most kubelets have posted a status since, it is Leases alone that are not written.
  local together = promql.line(|||
    max by (%(by)s) (kubevitals_control_plane_leases_renewed_together{%(selector)s}) >= 3
    unless on (%(by)s)
    count by (%(by)s) (max by (%(by)s, node) (kubevitals_node_readiness_status_lead_seconds{%(selector)s}) > 0) > on (%(by)s) kubevitals:node:count / 2
  ||| % c),

  // Seconds for which all have stopped, of holders that stopped together.
  allStopped: promql.line(|||
    (
      %(age)s > %(leasesStoppedSeconds)s
      and on (%(by)s)
      (%(together)s)
    )
  ||| % (c { age: age, together: promql.indent(together) })),
  // The same seen by the write probe, or too early to be told by Leases alone.
  nothingWritten: promql.line(|||
    (
      max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="write", result=~"failed|timeout|overloaded|error"}) == 1
      or
      (
        %(age)s > 20
        and on (%(by)s)
        (%(together)s)
      )
    )
  ||| % (c { age: age, together: promql.indent(together) })),
}
