// What each panel of a signal gets that follows from what it asks for: what stands where
// there is nothing, a sign where nothing is known, and a bound to the number of lines.
local g = import 'grafana.libsonnet';

function(c)
  local contains(text, part) = std.length(std.split(text, part)) > 1;
  local exprs(panel) = [t.expr for t in panel.targets];
  local asks(panel, part) = std.length([e for e in exprs(panel) if contains(e, part)]) > 0;

  // Rows of a state timeline, and lines of a graph, that can be told apart.
  local most = { 'state-timeline': 15, timeseries: 20 };
  local worst(panel) = if panel.type == 'timeseries' then (if panel.below then 'bottomk' else 'topk')
  else (if panel.badWhen == 0 then 'bottomk' else 'topk');
  local perNode(target) = contains(target.legendFormat, '{{node}}') || contains(target.legendFormat, '{{instance}}');
  // In a cluster of thousands nothing draws a line for each node.
  local bounded(panel) =
    if !(panel.type in most) || std.length([t for t in panel.targets if perNode(t)]) == 0 then panel else panel {
      description: '%s At most %d of each kind are drawn, with the %s values; pick nodes to see theirs.' % [super.description, most[panel.type], if worst(panel) == 'topk' then 'highest' else 'lowest'],
      targets: [
        t { expr: if perNode(t) then '%s(%d, %s)' % [worst(panel), most[panel.type], t.expr] else t.expr }
        for t in super.targets
      ],
    };

  // True, 1, where the collector of a signal tells nothing, or less than the whole. Agents
  // name the collectors that fail alone. Some collectors succeed with nothing to look at:
  // there, the metric that is seen tells.
  local blind(signal, agents) =
    if 'seen' in signal then 'absent(%s{%s})' % [signal.seen, c.panel]
    else if signal.name == 'exporter' then 'absent(up{%s} == 1)' % (if agents then c.nodePanel else c.panel)
    else if agents then
      '(absent(kubevitals_scrape_collectors{%(p)s}) or count(kubevitals_scrape_collector_success{%(p)s, collector="%(name)s"} == 0) == count(kubevitals_scrape_collectors{%(p)s}))' % { p: c.nodePanel, name: signal.name }
    else 'absent(max(kubevitals_scrape_collector_success{%s, collector="%s"}) == 1)' % [c.panel, signal.name];

  local sign = 'not collected';
  // Nothing is health only where it is known: elsewhere the sign stands there.
  local guarded(panel, signal, agents) =
    local unknown = blind(signal, agents);
    local first = panel.targets[0];
    if panel.type == 'table' then
      panel { targets: [first { expr: '%s or label_replace(%s, "%s", "%s", "", "")' % [first.expr, unknown, g.labels(first.expr)[0], sign] }] + super.targets[1:] }
    else
      local value = if panel.type == 'state-timeline' then panel.badWhen else 0;
      panel {
        targets+: [first { refId: std.char(65 + std.length(panel.targets)), expr: '%d * %s' % [value, unknown], legendFormat: sign }],
      };

  local filled(panel, text) = panel { fieldConfig+: { defaults+: { noValue: text } } };

  function(signal, panel)
    local foreign = std.set(std.flattenArrays([
      local selector = signal.foreign[metric];
      if std.isArray(selector) then selector else [selector]
      for metric in std.objectFields(signal.foreign)
      if asks(panel, metric)
    ]));
    local recorded = !asks(panel, c.selector) && !asks(panel, c.nodeSelector);
    local agents = asks(panel, c.nodeSelector) || (recorded && std.length([p for p in signal.panels if asks(p, c.nodeSelector)]) > 0);
    local only = bounded(panel);
    if panel.noValue != null then filled(only, panel.noValue)
    else if foreign != [] then
      filled(only, '%s%s: Prometheus has no such series of %s' % [if asks(panel, '> 0') then 'none, or ' else '', sign, std.join(' or ', foreign)])
    else if panel.mayBeEmpty && (panel.type != 'state-timeline' || panel.badWhen == 1) then filled(guarded(only, signal, agents), 'none')
    else if agents then filled(only, sign + ': needs the agents on the nodes, of which the dashboard Exporter tells')
    else filled(only, sign + ': the dashboard Exporter says why')
