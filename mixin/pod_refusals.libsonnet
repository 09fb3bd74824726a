// Owners whose pods are refused at present, as far as events can tell: an owner tries again
// after twice the time before, so that one of which no word comes for longer is well, or
// gone. Where there are no events of it, the condition of a Deployment stays as long as its
// pods are refused. The signals pod_creation and admission_webhooks share it.
local promql = import 'promql.libsonnet';

function(c) {
  local owner = 'namespace, kind, owner, cause, webhook, fault',
  local at(which, selector) = 'max by (%s, %s) (kubevitals_pod_creation_%s_timestamp_seconds{%s, %s})' % [c.by, owner, which, c.selector, selector],
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
    or
    time() - %(failing)s
  ||| % (c { last: at('last_refused', selector), first: at('first_refused', selector), failing: at('failing_since', selector) })),
  // The owners that the selector chooses, with the seconds since the latest refusal, or since
  // when the condition says so.
  fresh:: fresh,
  // How many owners the webhook of each name keeps from getting pods.
  byWebhook:: |||
    count by (%(by)s, webhook) (
      %(fresh)s
    )
  ||| % (c { fresh: promql.indent(fresh('cause="webhook_unreachable"')) }),
  // The same owners in an expression of a template, which has %s for the selector, by some of
  // their labels; the selector is of others.
  recent(labels, selector)::
    local of(which, still) = 'max by (%s) (kubevitals_pod_creation_%s_timestamp_seconds{%%s, %s}%s)' % [labels, which, selector, still];
    of('last_refused', ' > time() - %d' % c.podCreationRetrySeconds) + ' or ' + of('failing_since', ''),
  // The owners by name, of the labels of an alert.
  named(selector, labels, before, after):: promql.list(
    c,
    'label_join(label_join(%s, "path", "/", "namespace", "owner"), "name", " ", "kind", "path")' % self.recent('namespace, kind, owner', selector),
    labels,
    'name',
    before,
    after
  ),
}
