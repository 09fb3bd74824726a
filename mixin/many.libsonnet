// The form for many: an alert that tells of each node or object tells of all in one when
// there are more of them than anybody reads one by one. Such an alert says in `each` what
// it is about. The expression is evaluated once, and recorded; both forms read that.
local promql = import 'promql.libsonnet';

function(c) {
  local many = self,
  local object = 'kubevitals:alert_object',
  local count = 'kubevitals:alert_object:count',
  local told = 'kubevitals:alert_object:told',

  // What an alert may be about: the labels that tell one from another, what many are
  // called, and how many that is. Other labels, such as the resource that is short, are
  // the same in both forms.
  kinds:: {
    local of(labels, words) = { labels: labels, words: words, limit: c.manyObjects, between: '/' },
    // What belongs to those who run programs in the cluster: each team has its own.
    local owned(labels, words) = of(labels, words) { limit: c.manyOwnedObjects },

    node: of(['node'], 'nodes'),
    user: of(['node', 'uid'], 'users of nodes'),
    path: of(['node', 'peer'], 'paths between nodes'),
    instance: of(['node', 'server'], 'instances of a component') { between: '' },
    api_server: of(['server'], 'API servers'),
    api_server_check: of(['server', 'check'], 'checks of API servers'),
    api_server_lease: of(['server', 'hostname'], 'Leases of API servers'),
    priority_level: of(['priority_level'], 'priority levels'),
    resource: of(['resource'], 'resources'),
    dns_server: of(['server'], 'DNS servers'),
    etcd_member: of(['endpoint'], 'members of etcd'),
    component: of(['component'], 'components'),
    addon: of(['addon'], 'addons'),
    ca_bundle: of(['name'], 'objects with a caBundle'),
    api_backend: of(['backend'], 'Services behind aggregated APIs'),
    webhook: of(['webhook'], 'admission webhooks'),
    webhook_backend: of(['backend'], 'Services behind admission webhooks'),
    called_webhook: of(['name'], 'admission webhooks'),
    namespace: of(['namespace'], 'namespaces'),
    collector: of(['collector'], 'collectors'),
    source: of(['source'], 'sources'),
    namespace_of_pods: owned(['namespace'], 'namespaces'),
    autoscaler: owned(['namespace', 'horizontalpodautoscaler'], 'autoscalers'),
    autoscaler_metric: owned(['namespace', 'horizontalpodautoscaler', 'metric'], 'metrics of autoscalers'),
  },

  // Whether an alert has the form for many. Of those at info nobody is told.
  has(alert):: 'each' in alert && alert.severity != 'info' && many.kinds[alert.each].limit > 0,
  // Whether an edge of the graph of causes goes by labels that the form for many of its
  // cause lacks. It cannot go by those: it is of single objects.
  ofObjects(alert, edge):: many.has(alert) && std.setInter(std.set(edge.on + std.objectFields(edge.when)), std.set(many.kinds[alert.each].labels)) != [],

  // Rule files have a largest size.
  local prefix = 'KubeVitals',

  // What a label has to be for it to be the name of one of these alerts.
  named(names)::
    if std.length(names) == 1
    then '"%s"' % names[0]
    else '~"%s(%s)"' % [prefix, std.join('|', [std.strReplace(name, prefix, '') for name in names])],
  local matching(when) = std.join('', [', %s=~"%s"' % [label, when[label]] for label in std.objectFields(when)]),
  local selected(metric, alerts, when={}) = '%s{alert=%s%s}' % [metric, many.named(std.set(alerts)), matching(when)],

  // The objects of an alert.
  of(alert):: selected(object, [alert.alert]),

  // By alert, what of its objects is told already by forms for many: lists of causes, with
  // the labels on which they must be equal. Whoever is explained in turn is no less a cause.
  // An edge to some of the objects has `where`: no inhibition reaches those in a form for
  // many, so that they are left out of it for any cause of theirs that fires.
  explained(alerts, edges)::
    local formed = { [a.alert]: a for a in alerts if many.has(a) };
    local names = std.objectFields(formed);
    local byObject(e) = e.cause in formed && many.ofObjects(formed[e.cause], e);
    local toObjects(e) = std.setInter(std.set(std.objectFields(e.where)), std.set(many.kinds[formed[e.explains].each].labels)) != [];
    local inhibiting = { [name]: [e for e in edges if e.explains == name && e.inhibits] for name in names };
    local own = { [name]: [e for e in inhibiting[name] if e.where == {} && byObject(e)] for name in names };
    local partly = { [name]: [e for e in inhibiting[name] if e.where != {} && (byObject(e) || toObjects(e))] for name in names };
    local alike(name, on) = std.flatMap(function(e) [e.cause] + alike(e.cause, on), [e for e in own[name] if e.on == on && e.when == {}]);
    local key(e) = std.manifestJsonMinified([e.on, e.when, e.where, byObject(e)]);
    {
      [name]: [
                { on: on, when: {}, where: {}, told: true, causes: std.set(alike(name, on)) }
                for on in std.set([e.on for e in own[name] if e.when == {}])
              ] + [{ on: e.on, when: e.when, where: {}, told: true, causes: [e.cause] } for e in own[name] if e.when != {}]
              + [
                local same = [e for e in partly[name] if key(e) == k];
                { on: same[0].on, when: same[0].when, where: same[0].where, told: byObject(same[0]), causes: [e.cause for e in same] }
                for k in std.set([key(e) for e in partly[name]])
              ]
      for name in names
    },

  // An expression without what a cause explains; where it explains some objects alone, they
  // are marked first.
  local without(expr, e) =
    local on(more) = std.join(', ', [c.by] + e.on + more);
    local causes = if e.told then selected(told, e.causes, e.when) else 'ALERTS{alertname=%s, alertstate="firing"%s}' % [many.named(std.set(e.causes)), matching(e.when)];
    local label = std.objectFields(e.where)[0];
    assert std.length(e.where) == 1 : 'where of two labels';
    |||
      max without (explained) (
        label_replace(
          %s,
          "explained", "yes", "%s", "%s"
        )
        unless on (%s)
        label_replace(%s, "explained", "yes", "", "")
      )
    ||| % [std.strReplace(promql.indent(expr), '\n', '\n  '), label, e.where[label], on(['explained']), causes],

  // What the group of some alerts records before them: for which objects each holds, but
  // for those that are told already, and of how many. What beside returns for an alert
  // follows at once, for the conditions of the next. The label of the signal tells the rules
  // of one group from those of another.
  recorded(signal, alerts, explained, beside)::
    local formed = std.filter(many.has, alerts);
    local left(a) =
      local by = [e for e in explained[a.alert] if e.where == {}];
      local partly = [e for e in explained[a.alert] if e.where != {}];
      local whole = if by == [] then a.expr else '(\n  %s\n)\n' % promql.indent(a.expr) + std.join('', [
        'unless on (%s)\n%s\n' % [std.join(', ', [c.by] + e.on), selected(told, e.causes, e.when)]
        for e in by
      ]);
      std.foldl(without, partly, whole);
    local folded = std.set([many.kinds[a.each].labels for a in formed]);
    std.flatMap(function(a) [{ record: object, labels: { alert: a.alert, signal: signal }, expr: left(a) }] + beside(a), formed)
    + (if folded == [] then [] else [{
         record: count,
         labels: { signal: signal },
         expr: std.join('or\n', [
           'count without (%s) (%s)\n' % [std.join(', ', labels), selected(object, [a.alert for a in formed if many.kinds[a.each].labels == labels])]
           for labels in folded
         ]),
       }]),

  // What the group records after its alerts: the objects of those that are told in the
  // form for many, for whatever they explain.
  toldOf(signal, alerts, explained)::
    local causes = std.set(std.flattenArrays([e.causes for name in std.objectFields(explained) for e in explained[name] if e.told]));
    local own = std.filter(function(name) std.member(causes, name), std.set([a.alert for a in alerts if many.has(a)]));
    if own == [] then [] else [{
      record: told,
      labels: { signal: signal },
      expr: |||
        %s
        and on (%s, alert)
        label_replace(ALERTS{alertname=%s, objects="many", alertstate="firing"}, "alert", "$1", "alertname", "(.+)")
      ||| % [selected(object, own), c.by, many.named(own)],
    }],

  // Both forms of an alert. The numbers of as long as it takes to fire decide which: so
  // one takes the place of the other at the moment at which it begins to fire itself. The
  // texts are put together by +, for formats take jsonnet long. ofCluster names the cluster.
  forms(alert, duration, ofCluster)::
    local kind = many.kinds[alert.each];
    local objects = many.of(alert);
    local counted = selected(count, [alert.alert]);
    // A sample of just as long ago counts, too.
    local lately = counted + '[' + (promql.seconds(duration) + 1) + 's]) > ' + kind.limit;
    local form(lines) = 'max without (alert, signal) (\n  ' + std.join('\n  ', lines) + '\n)\n';
    [
      alert { expr: form([objects, 'unless ignoring (' + std.join(', ', kind.labels) + ')', 'min_over_time(' + lately]) },
      alert {
        labels: { objects: 'many' },
        expr: form([counted, 'and', 'max_over_time(' + lately]),
        summary: 'Many ' + kind.words + ' at once. ' + alert.summary,
        text: '{{ $value }} ' + kind.words + ofCluster + ' at once' + examples(objects, kind) + ': ' + alert.summary + ' Look for what they share; "kubevitals check" names each.',
      },
    ],

  // The first few of many.
  local examples(objects, kind) =
    '{{ $own := "" }}{{ range $k, $v := $labels }}{{ $own = printf `%s, %s=%q` $own $k $v }}{{ end }}'
    + '{{ with query (printf `' + std.rstripChars(objects, '}') + '%s}` $own) | sortByLabel "' + kind.labels[std.length(kind.labels) - 1] + '" }}, such as {{ range $i, $o := . }}{{ if lt $i 5 }}{{ if $i }}, {{ end }}'
    + '{{ $o.Labels.' + kind.labels[0] + ' }}'
    + std.join('', ['{{ with $o.Labels.' + label + ' }}' + kind.between + '{{ . }}{{ end }}' for label in kind.labels[1:]])
    + '{{ end }}{{ end }}{{ end }}',
}
