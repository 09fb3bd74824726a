// Autoscalers that cannot read their metrics, and when they are so many that the
// cluster is told of and no longer each. The signals autoscaling and metrics_api
// share it.
local causes = import 'autoscaling_causes.libsonnet';
local promql = import 'promql.libsonnet';

function(c) {
  local all = 'max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_metrics_available{%(selector)s})' % c,
  // What is written down wrong has an alert of its own. The API that they read is in the label api, which their reason gives away; the
  // reason itself changes while they stay blind, and is left out.
  local eachOf(selector, others) = promql.line('max by (%s, namespace, horizontalpodautoscaler, api) (\n  %s\n)' % [c.by, promql.indent(std.foldl(
    function(expr, api) |||
      label_replace(
        %s,
        "api", "%s", "reason", "%s"
      )
    ||| % [promql.indent(expr), api.name, api.reasons],
    [
      { name: 'resource', reasons: 'FailedGet(Container)?ResourceMetric' },
      { name: 'custom', reasons: 'FailedGet(Pods|Object)Metric' },
      { name: 'external', reasons: 'FailedGetExternalMetric' },
    ],
    'max by (%(by)s, namespace, horizontalpodautoscaler, reason) (kubevitals_autoscaling_metrics_available{%(selector)s, cause!~"%(others)s"}) == 0' % (c { selector: selector, others: others })
  ))]),
  // Those that their own pods or a metric of theirs keep from scaling are none that an
  // API makes blind: it answered them.
  local answered = causes.any(causes.specified + causes.pods),
  each:: eachOf(c.selector, causes.any(causes.specified)),
  // How many they are that read the API of an alert, and the first of them by name, to
  // stand in its description: nothing where there are none.
  named(text)::
    '{{ with query (printf `label_join(%s and on (api) label_replace(vector(1), "api", %%[2]q, "", ""), "name", "/", "namespace", "horizontalpodautoscaler")` $labels.%s $labels.api) }}%s{{ end }}' % [
      promql.oneLine(eachOf('%s, %s=%%[1]q' % [c.selector, c.clusterLabel], answered)),
      c.clusterLabel,
      text % '{{ range $i, $one := sortByLabel "name" . }}{{ if lt $i 3 }}{{ if $i }}, {{ end }}{{ $one.Labels.name }}{{ end }}{{ end }}{{ if gt (len .) 3 }} and others{{ end }}',
    ],
  local counted = promql.line('count by (%s, api) (\n  %s\n)' % [c.by, promql.indent(eachOf(c.selector, answered))]),
  // The number of autoscalers without resource metrics, where it is large, and where
  // a fact about the API, such as registered, is no.
  many(fact):: promql.line(|||
    (
      (
        %(counted)s >= %(autoscalingBlindCount)s
        or
        %(counted)s
        >= on (%(by)s) group_left ()
        %(autoscalingBlindRatio)g * count by (%(by)s) (%(all)s)
      )
      and on (%(by)s, api)
      max by (%(by)s, api) (kubevitals_metrics_api_%(fact)s{%(selector)s, api="resource"}) == 0
    )
  ||| % (c { counted: promql.indent(promql.indent(counted)), all: all, fact: fact })),
}
