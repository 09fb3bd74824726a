// After-effects: when an outage of the control plane is over, what it brought about goes
// on for a while. A scheduler that lost its Lease is started again, kubelets try again, an
// API server finds etcd again. An alert that outages explain keeps quiet while one of them
// is told of, as Alertmanager sees to anyway, and for some minutes more. Whatever is still
// so then is told of: it has a reason of its own.
local why = import 'causes.libsonnet';
local leases = import 'leases.libsonnet';
local promql = import 'promql.libsonnet';

function(c, edges) {
  local many = (import 'many.libsonnet')(c),
  local outage = 'kubevitals:alert_cause',
  local recent = outage + ':recent',
  local wanted = c.afterEffectMinutes > 0,

  // By alert, the outages that explain it whatever its labels are. An edge that does not
  // silence may not account for all that the alert tells of.
  local plain = [e for e in edges if std.member(why.outages, e.cause) && e.inhibits && e.on == [] && e.when == {} && e.where == {}],
  local outagesOf = { [name]: [e.cause for e in plain if e.explains == name] for name in std.set([e.explains for e in plain]) },
  local told(alerts) = 'ALERTS{alertname=%s, alertstate="firing"}' % many.named(alerts),

  // The alert, which keeps quiet during outages that explain it and for some minutes after.
  // Of those at info nobody is told anyway.
  calmed(alert)::
    if !wanted || alert.severity == 'info' || !(alert.alert in outagesOf) then alert
    else alert {
      expr: '(\n  %s\n)\nunless on (%s)\n%s{alert=%s}\n' % [promql.indent(alert.expr), c.by, recent, many.named(outagesOf[alert.alert])],
    },

  // What is recorded for them: which outages somebody has been told of, and which lately. A
  // condition that nobody was told of silences nothing: a probe that fails now and then
  // would hide for ever what is dead. An alarm of etcd counts where nothing can be written:
  // it may be of one that holds events alone.
  rules:: if !wanted || outagesOf == {} then [] else [
    {
      record: outage,
      expr: |||
        max by (%(by)s, alert) (
          label_replace(%(outages)s, "alert", "$1", "alertname", "(.+)")
        )
        or
        label_replace(
          max by (%(by)s) (%(alarm)s)
          and on (%(by)s)
          %(nothingWritten)s,
          "alert", "KubeVitalsNothingWritten", "", ""
        )
      ||| % (c {
               outages: told(why.outages),
               alarm: told(['KubeVitalsEtcdAlarm']),
               nothingWritten: promql.indent(leases(c).nothingWritten),
             }),
    },
    {
      record: recent,
      expr: 'max by (%s, alert) (max_over_time(%s[%sm]))\n' % [c.by, outage, c.afterEffectMinutes],
    },
  ],
}
