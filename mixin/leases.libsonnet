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

  // Seconds for which all have stopped, of holders that stopped together.
  allStopped: promql.line(|||
    (
      %(age)s > %(leasesStoppedSeconds)s
      and on (%(by)s)
      max by (%(by)s) (kubevitals_control_plane_leases_renewed_together{%(selector)s}) >= 3
    )
  ||| % (c { age: age })),
  // The same seen by the write probe, or too early to be told by Leases alone.
  nothingWritten: promql.line(|||
    (
      max by (%(by)s) (kubevitals_apiserver_probe_result{%(selector)s, probe="write", result=~"failed|timeout|overloaded|error"}) == 1
      or
      (
        %(age)s > 20
        and on (%(by)s)
        max by (%(by)s) (kubevitals_control_plane_leases_renewed_together{%(selector)s}) >= 3
      )
    )
  ||| % (c { age: age })),
}
