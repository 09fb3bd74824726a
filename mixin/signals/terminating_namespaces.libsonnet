// Namespaces were deleted and stay, and what holds them.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local deleted(hold) = 'min by (%s, namespace) (kubevitals_terminating_namespaces_deletion_timestamp_seconds{%s, hold=~"%s"})' % [c.by, c.selector, hold],
  // What the namespace controller says, which changes while a namespace stays.
  local holds = {
    discovery: 'an API cannot be asked what there is of it in the namespace',
    deletion: 'the API server refuses to delete what is in it',
    finalizers: 'something in it has a finalizer, whose controller has not removed it',
    content: 'something in it has not ended',
    own_finalizer: 'the namespace itself has a finalizer, whose controller has not removed it',
    unknown: 'no condition says why: the controller manager does not look at it',
  },

  name: 'terminating_namespaces',
  area: 'workloads',
  beyond_guide: 'a namespace that does not go blocks what would be made anew under its name, and its conditions, which few read, say why',
  alerts: [
    {
      alert: 'KubeVitalsNamespaceStuckTerminating',
      each: 'namespace',
      severity: 'warning',
      explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsAggregatedAPIUnavailable', 'KubeVitalsAutoscalingMetricsAPIUnavailable', 'KubeVitalsMetricsAPIUnavailable', 'KubeVitalsControllerManagerDown', 'KubeVitalsWebhookWithoutEndpoints', 'KubeVitalsWebhookCallsFailing'], { inhibits: false }),
      // An API that cannot be asked holds all namespaces alike, and its alert names them; those
      // of metrics do not.
      expr: |||
        (
          time() - %(errors)s > %(terminatingNamespaceErrorSeconds)s
          or
          time() - %(all)s > %(terminatingNamespaceSeconds)s
        )
        unless on (%(by)s, namespace)
        (
          %(discovery)s
          and on (%(by)s)
          max by (%(by)s) (kubevitals_aggregated_api_unavailable{%(selector)s, apiservice!~"%(aggregatedAPIsElsewhere)s"}) == 1
        )
      ||| % (c { errors: deleted('discovery|deletion'), all: deleted('.+'), discovery: deleted('discovery') }),
      'for': '1m',
      summary: 'A namespace is stuck Terminating.',
      description: 'Namespace {{ $labels.namespace }} of cluster %(cluster)s was deleted {{ $value | humanizeDuration }} ago and is still there%(hold)s.',
      values: {
        hold: promql.each(
          c,
          'max by (hold) (kubevitals_terminating_namespaces_deletion_timestamp_seconds{%s, namespace=%[2]q})',
          ['namespace'],
          'hold',
          '{{ if not $i }}: {{ end }}' + std.join('', ['{{ if eq .Labels.hold "%s" }}%s{{ end }}' % [hold, holds[hold]] for hold in std.objectFields(holds)])
        ),
      },
    },
  ],
  panels: [
    g.timeseries(
      'Namespaces by phase',
      'Namespaces that are in use, and those that were deleted and are still there.',
      'short',
      [g.target('max by (phase) (kubevitals_terminating_namespaces_namespaces{%(panel)s})' % c, '{{phase}}')],
    ),
    g.table(
      'Namespaces that do not go',
      'Namespaces that were deleted and are still there, with what holds them and the time since.',
      [g.column('time() - min by (namespace, hold) (kubevitals_terminating_namespaces_deletion_timestamp_seconds{%(panel)s})' % c, 'Deleted ago', 's')],
      { alerts: ['KubeVitalsNamespaceStuckTerminating'], mayBeEmpty: true },
    ),
  ],
}
