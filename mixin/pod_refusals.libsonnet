// Owners whose pods are refused at present, as far as events can tell: an owner tries again
// after twice the time before, so that one of which no word comes for longer is well, or
// gone. The signals pod_creation and admission_webhooks share it.
local promql = import 'promql.libsonnet';

function(c) {
  local at(which, selector) = 'max by (%s, namespace, kind, owner, cause, webhook, fault) (kubevitals_pod_creation_%s_refused_timestamp_seconds{%s, %s})' % [c.by, which, c.selector, selector],
  local fresh(selector) = promql.line(|||
    time() - %(last)s
    < clamp(
      1.5 * (
        %(last)s
        - %(first)s
      ),
      %(podCreationFreshSeconds)s,
      %(podCreationRetrySeconds)s
    )
  ||| % (c { last: at('last', selector), first: at('first', selector) })),
  // The owners that the selector chooses, with the seconds since the latest refusal.
  fresh:: fresh,
  // How many owners the webhook of each name keeps from getting pods.
  byWebhook:: |||
    count by (%(by)s, webhook) (
      %(fresh)s
    )
  ||| % (c { fresh: promql.indent(fresh('cause="webhook_unreachable"')) }),
  // The owners by name, of the labels of an alert.
  named(selector, labels, before, after):: promql.list(
    c,
    'label_join(label_join(max by (namespace, kind, owner) (kubevitals_pod_creation_last_refused_timestamp_seconds{%%s, %s} > time() - %d), "path", "/", "namespace", "owner"), "name", " ", "kind", "path")' % [selector, c.podCreationRetrySeconds],
    labels,
    'name',
    before,
    after
  ),
}
