// One overview and one dashboard per area, arranged from the panels of the
// signals. Everything that is position or boilerplate is here.
local g = import 'grafana.libsonnet';

{
  local c = $._kubevitals.context,
  local inArea(area) = [s for s in $._kubevitals.signals if s.area == area],
  local areas = std.filter(function(a) inArea(a.name) != [], [
    { name: 'control-plane', title: 'Control plane' },
    { name: 'kubelets', title: 'Kubelets' },
    { name: 'autoscaling', title: 'Autoscaling' },
    { name: 'nodes', title: 'Nodes' },
    { name: 'workloads', title: 'Workloads' },
    { name: 'dns', title: 'DNS' },
    { name: 'network', title: 'Network' },
    { name: 'node-agents', title: 'On the nodes' },
    { name: 'exporter', title: 'Exporter' },
  ]),
  local columns = 24,
  local width = 12,
  local height = 8,

  local link(title, url, blank) = {
    type: 'link',
    title: title,
    url: url,
    targetBlank: blank,
    asDropdown: false,
    icon: 'external link',
    includeVars: false,
    keepTime: false,
    tags: [],
    tooltip: '',
  },
  local runbook(alert) = link('Runbook: ' + alert, c.runbookURLPattern % alert, true),
  local linked(panel, extra=[]) = panel { links: [runbook(a) for a in panel.alerts] + extra },
  local finish = (import 'finish.libsonnet')(c),
  local drawn(signal, panel, extra=[]) = linked(finish(signal, panel), extra),

  // place puts panels two by two into the grid, below each row's title, and
  // numbers them in reading order; one that is left over takes the whole width. Above all
  // sections are panels that have their place.
  local place(sections, above=[]) = std.foldl(
    function(state, section)
      local top = state.y + 1;
      local number = std.length(section.panels);
      local panels = std.mapWithIndex(function(i, p) p {
        id: state.id + 1 + i,
        gridPos: { x: (i % 2) * width, y: top + std.floor(i / 2) * height, w: if i % 2 == 0 && i == number - 1 then columns else width, h: height },
      }, section.panels);
      local collapsed = std.get(section, 'collapsed', false);
      local row = g.row(section.title, collapsed) { id: state.id, gridPos: { x: 0, y: state.y, w: columns, h: 1 } };
      {
        id: state.id + 1 + number,
        y: top + if collapsed then 0 else std.ceil(number / 2) * height,
        panels: state.panels + if collapsed then [row { panels: panels }] else [row] + panels,
      },
    sections,
    {
      id: 1 + std.length(above),
      y: std.foldl(function(y, p) std.max(y, p.gridPos.y + p.gridPos.h), above, 0),
      panels: std.mapWithIndex(function(i, p) p { id: 1 + i }, above),
    },
  ).panels,

  local variable(name, label, query, hide) = {
    name: name,
    label: label,
    type: 'query',
    datasource: g.datasource,
    query: { query: query, refId: name },
    refresh: 2,
    sort: 1,
    multi: false,
    includeAll: false,
    hide: if hide then 2 else 0,
    options: [],
  },
  local several = { multi: true, includeAll: true, allValue: '.*', current: { text: ['All'], value: ['$__all'] } },

  local dashboard(area, title, description, sections, above=[]) = {
    uid: $._kubevitals.dashboardUID(area),
    title: 'kubevitals / ' + title,
    description: description,
    tags: c.dashboardTags,
    editable: false,
    graphTooltip: 1,
    refresh: '1m',
    timezone: 'browser',
    time: { from: 'now-3h', to: 'now' },
    schemaVersion: 41,
    links: [{
      type: 'dashboards',
      title: 'kubevitals',
      tags: c.dashboardTags,
      asDropdown: true,
      includeVars: true,
      keepTime: true,
      targetBlank: false,
      icon: 'external link',
      tooltip: '',
      url: '',
    }],
    annotations: { list: [] },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: { text: 'default', value: 'default' }, hide: 0, options: [], refresh: 1, multi: false, includeAll: false },
        variable('cluster', 'Cluster', 'label_values(up{%s}, %s)' % [c.selector, c.clusterLabel], !c.showMultiCluster),
        variable('node', 'Node', 'label_values(kubevitals_kubelet_available{%s, %s="$cluster"}, node)' % [c.selector, c.clusterLabel], !std.member(['kubelets', 'nodes', 'workloads', 'network', 'node-agents'], area)) + several,
      ],
    },
    panels: place(sections, above),
  },

  local title(name) = std.asciiUpper(name[0]) + std.strReplace(name[1:], '_', ' '),

  // Below what is wrong now, the overview has the first panel of every signal, the one that
  // its most important alert is drawn in: a row for each area, to be opened.
  local more(area) = link('More: ' + area.title, '/d/%s?${cluster:queryparam}&${__url_time_range}' % $._kubevitals.dashboardUID(area.name), false),
  local overview = dashboard('overview', 'Overview', 'What is wrong in the cluster now, its cause first, and one row for each area, with one panel for each signal; each leads to the dashboard of its area.', [
    {
      title: area.title,
      collapsed: true,
      panels: [drawn(s, s.panels[0], [more(area)]) for s in inArea(area.name)],
    }
    for area in areas
  ], [linked(p) for p in (import 'overview.libsonnet')(c, $._kubevitals.signals, $._kubevitals.causes)]),

  // Grafana's other mixins have files for nodes and for DNS, too, and all of them
  // are merged by name.
  local file(name) = 'kubevitals-%s.json' % name,

  grafanaDashboards+:: { [file('overview')]: overview } + {
    [file(area.name)]: dashboard(area.name, area.title, 'kubevitals: %s.' % std.join(', ', [s.name for s in inArea(area.name)]), [
      { title: title(s.name), panels: [drawn(s, p) for p in s.panels] }
      for s in inArea(area.name)
    ])
    for area in areas
  },
}
