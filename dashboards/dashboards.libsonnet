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
  local drawn(panel, extra=[]) = panel { links: [runbook(a) for a in panel.alerts] + extra },

  // place puts panels two by two into the grid, below each row's title, and
  // numbers them in reading order.
  local place(sections) = std.foldl(
    function(state, section)
      local top = state.y + 1;
      local row = g.row(section.title) { id: state.id, gridPos: { x: 0, y: state.y, w: columns, h: 1 } };
      local panels = std.mapWithIndex(function(i, p) p {
        id: state.id + 1 + i,
        gridPos: { x: (i % 2) * width, y: top + std.floor(i / 2) * height, w: width, h: height },
      }, section.panels);
      {
        id: state.id + 1 + std.length(panels),
        y: top + std.ceil(std.length(panels) / 2) * height,
        panels: state.panels + [row] + panels,
      },
    sections,
    { id: 1, y: 0, panels: [] },
  ).panels,

  local variable(name, label, query, hide) = {
    name: name,
    label: label,
    type: 'query',
    datasource: g.datasource,
    query: { query: query, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
    hide: if hide then 2 else 0,
    options: [],
  },

  local dashboard(area, title, description, sections) = {
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
        variable('node', 'Node', 'label_values(kubevitals_kubelet_available{%s, %s=~"$cluster"}, node)' % [c.selector, c.clusterLabel], !std.member(['kubelets', 'nodes', 'workloads', 'network', 'node-agents'], area)),
      ],
    },
    panels: place(sections),
  },

  local title(name) = std.asciiUpper(name[0]) + std.strReplace(name[1:], '_', ' '),

  // The overview shows the first panel of every signal: the one that its most
  // important alert is drawn in.
  local overview = dashboard('overview', 'Overview', 'The vital signs of the cluster, one panel per signal; each leads to the dashboard of its area.', [
    {
      title: area.title,
      panels: [
        drawn(s.panels[0], [link('More: ' + area.title, '/d/%s?${cluster:queryparam}&${__url_time_range}' % $._kubevitals.dashboardUID(area.name), false)])
        for s in inArea(area.name)
      ],
    }
    for area in areas
  ]),

  // Grafana's other mixins have files for nodes and for DNS, too, and all of them
  // are merged by name.
  local file(name) = 'kubevitals-%s.json' % name,

  grafanaDashboards+:: { [file('overview')]: overview } + {
    [file(area.name)]: dashboard(area.name, area.title, 'kubevitals: %s.' % std.join(', ', [s.name for s in inArea(area.name)]), [
      { title: title(s.name), panels: [drawn(p) for p in s.panels] }
      for s in inArea(area.name)
    ])
    for area in areas
  },
}
