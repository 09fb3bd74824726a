// Pods are not even created: the API server refuses them, and their owners say why.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local refusals = (import '../pod_refusals.libsonnet')(c),
  // Why a webhook did not answer. It changes while the webhook stays away.
  local faults = {
    no_endpoints: 'its Service has no endpoints',
    service_missing: 'its Service does not exist',
    refused: 'connections to it are refused',
    timeout: 'it does not answer in time',
    certificate: 'its certificate is not trusted',
    unresolved: 'its name cannot be resolved',
    bad_answer: 'it answers with an error',
    other: 'in words that are not known here',
  },
  local causes = {
    webhook_denied: 'an admission webhook says no',
    policy_denied: 'a ValidatingAdmissionPolicy says no',
    quota: 'a ResourceQuota is used up, or wants requests and limits that they lack',
    limit_range: 'they ask for more or less than a LimitRange allows',
    quota_scope: 'pods of their priority class need a ResourceQuota that allows it, and none of the namespace does',
    pod_security: 'Pod Security forbids what they ask for',
    security_context_constraint: 'no SecurityContextConstraint that they may use allows what they ask for',
    pod_security_policy: 'no PodSecurityPolicy that they may use allows what they ask for',
    etcd: 'etcd does not answer in time, or has no leader',
    timeout: 'the request takes longer than it may, most often because admission webhooks that do not answer take its time, even those of failurePolicy Ignore',
    apiserver: 'the API server does not take the request',
    service_account_missing: 'their ServiceAccount does not exist',
    priority_class_missing: 'their PriorityClass does not exist',
    runtime_class_missing: 'their RuntimeClass does not exist',
    invalid: 'their template makes no valid pod',
    forbidden: 'the controller may not, or an admission plugin refuses',
    other: 'for a reason that is not a known one',
  },
  local said(label, words) = std.join('', ['{{ if eq %s "%s" }}%s{{ end }}' % [label, name, words[name]] for name in std.objectFields(words)]),

  name: 'pod_creation',
  area: 'workloads',
  beyond_guide: 'where no pod is created there is none to look at, and only events of its owner say why: a webhook without endpoints stops a whole cluster so',
  alerts: [
    {
      alert: 'KubeVitalsPodsRefusedByWebhook',
      each: 'webhook',
      severity: 'critical',
      explainedBy: why.noTunnel + why.ofCluster(['KubeVitalsNodesNotReady', 'KubeVitalsNetworkFailing'], { inhibits: false }) + why.ofCluster(['KubeVitalsCABundleExpiring'], { when: { kind: '(Validating|Mutating)WebhookConfiguration', state: 'expired' }, inhibits: false }),
      expr: refusals.byWebhook,
      'for': '1m',
      summary: 'An admission webhook does not answer, so pods are not created.',
      description: 'The API server of cluster %(cluster)s creates no pods that admission webhook {{ $labels.webhook }} should look at, because it does not answer as it should%(fault)s. Owners that get none: {{ $value }}%(owners)s.%(backend)s',
      values: {
        fault: promql.each(
          c,
          refusals.recent('fault', 'cause="webhook_unreachable", webhook=%[2]q'),
          ['webhook'],
          'fault',
          '{{ if not $i }}: {{ end }}' + said('.Labels.fault', faults)
        ),
        owners: refusals.named('cause="webhook_unreachable", webhook=%[2]q', ['webhook'], ' (', ')'),
        backend: promql.each(
          c,
          'max by (configuration, type, backend, called_for) (kubevitals_admission_webhooks_without_endpoints{%s, webhook=%[2]q, failure_policy="Fail"})',
          ['webhook'],
          'configuration',
          ' It is in the {{ .Labels.type }} configuration {{ .Labels.configuration }}, and its Service {{ .Labels.backend }} has no ready endpoint'
          + '{{ if eq .Labels.called_for "own_pods" }}: it is called for its own pods, too, so it cannot come back by itself{{ end }}.'
        ),
      },
    },
    {
      alert: 'KubeVitalsPodsNotCreated',
      each: 'namespace_of_pods',
      severity: 'warning',
      explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsEtcdSlow', 'KubeVitalsAPIServerSlow'], { where: { cause: 'etcd|timeout|apiserver' }, inhibits: false }),
      expr: |||
        count by (%(by)s, namespace, cause) (
          %(fresh)s
        )
      ||| % (c { fresh: promql.indent(refusals.fresh('cause!~"webhook_unreachable|%s"' % c.podCreationIgnoredCauses)) }),
      'for': '1m',
      summary: 'The API server refuses to create pods.',
      description: 'Pods of namespace {{ $labels.namespace }} of cluster %(cluster)s are not created: %(cause)s%(webhook)s. Owners that get none: {{ $value }}%(owners)s.',
      values: {
        cause: said('$labels.cause', causes),
        webhook: promql.list(
          c,
          refusals.recent('webhook', 'namespace=%[2]q, cause=%[3]q, webhook!=""'),
          ['namespace', 'cause'],
          'webhook',
          ' (',
          ')'
        ),
        owners: refusals.named('namespace=%[2]q, cause=%[3]q', ['namespace', 'cause'], ' (', ')'),
      },
    },
  ],
  panels: [
    g.timeseries(
      'Owners whose pods were refused',
      'Owners, such as ReplicaSets and Jobs, of which pods were not created, by cause, in the events of the last hour.',
      'short',
      [g.target('max by (cause) (kubevitals_pod_creation_refused_owners{%(panel)s}) > 0' % c, '{{cause}}')],
      { mayBeEmpty: true },
    ),
    g.table(
      'Pods that are not created',
      'Owners of which pods were not created, with the cause, and the webhook and its fault where there is one, and the time since the latest refusal; of Deployments of which only their condition says so, since when it does.',
      [
        g.column('time() - max by (namespace, kind, owner, cause, webhook, fault) (kubevitals_pod_creation_last_refused_timestamp_seconds{%(panel)s})' % c, 'Last refused ago', 's'),
        g.column('time() - min by (namespace, kind, owner, cause, webhook, fault) (kubevitals_pod_creation_first_refused_timestamp_seconds{%(panel)s})' % c, 'First refused ago', 's'),
        g.column('time() - min by (namespace, kind, owner, cause, webhook, fault) (kubevitals_pod_creation_failing_since_timestamp_seconds{%(panel)s})' % c, 'Failing for', 's'),
      ],
      { alerts: ['KubeVitalsPodsRefusedByWebhook', 'KubeVitalsPodsNotCreated'], mayBeEmpty: true },
    ),
  ],
}
