// What each cause of an autoscaler that does not scale means, to follow its reason. The
// causes are those of sources/hpacause.
{
  // Those of the autoscaler and its pods as they are written down: nothing that serves
  // metrics is at fault.
  specified: {
    no_requests: 'a container of its pods requests none of the resource that its use is a share of; sidecars count, too',
    no_container: 'its pods have no container of the name that the metric is about',
    ambiguous_selector: 'another autoscaler selects the same pods',
    invalid_selector: 'its target has no selector that can be read',
    invalid_spec: 'one of its metrics has no target, or is of a type that there is not',
  },
  // Those of its pods as they are, or of a metric that they should give: the API answers.
  pods: {
    no_pods: 'its selector selects no pod',
    pods_unready: 'no pod of its target is ready and has figures',
    metric_unknown: 'whoever serves the API knows no such metric',
  },
  // Those of the API, and of who serves it.
  api: {
    api_missing: 'its controller found no such API',
    api_unavailable: 'the API server did not reach who serves the API, or not in time',
    api_failing: 'whoever serves the API answered with an error',
    no_figures: 'whoever serves the API has no figures of these pods',
    forbidden: 'its controller lacks the right to read them',
    not_reconciled: 'no controller has looked at it',
  },
  // Those of its target.
  target: {
    target_missing: 'its target does not exist',
    target_kind_unknown: 'the kind of its target is not known, or cannot be scaled',
    conflict: 'somebody else changes the target at the same time',
    denied: 'a webhook or a quota refuses the number of replicas',
    forbidden: 'its controller lacks the right to it',
  },

  // A part of a template that says the words of the cause in the label, with : before.
  said(words):: '{{ with .Labels.cause }}' + std.join('', [
    '{{ if eq . "%s" }}: %s{{ end }}' % [cause, words[cause]]
    for cause in std.objectFields(words)
  ]) + '{{ end }}',
  // A regular expression that matches all of them.
  any(words):: std.join('|', std.objectFields(words)),
}
