// What is wrong now, on one screen: incidents with their cause first, nodes by state, and
// whether the parts work that everything else needs.
local g = import 'grafana.libsonnet';

function(c, signals, causes)
  local cluster = '%s="$cluster"' % c.clusterLabel;
  local prefix = 'KubeVitals';
  local alerts = [a for s in signals for a in s.alerts];

  local firing(names, labels={}) = 'ALERTS{%s}' % std.join(', ', [
    'alertname=~"%s"' % names,
    'alertstate="firing"',
    cluster,
  ] + ['%s=~"%s"' % [label, labels[label]] for label in std.objectFields(labels)]);
  local named(names) = '%s(%s)' % [prefix, std.join('|', [std.strReplace(n, prefix, '') for n in names])];

  // Alerts of which something that fires is the cause, by the graph of causes. Those that the
  // same alerts explain, by the same labels, stand together.
  // An element of an array is computed once, and a field of an object each time.
  local edges = [[std.manifestJsonMinified([e.on, e.when, e.where]), e.cause, e.explains, e] for e in causes];
  local bySources(some) =
    local sources = [[std.join(' ', std.set([e[1] for e in some if e[2] == name])), name] for name in std.set([e[2] for e in some])];
    [[of, [s[1] for s in sources if s[0] == of]] for of in std.set([s[0] for s in sources])];
  local together = [
    local some = [e for e in edges if e[0] == k];
    [some[0][3], bySources(some)]
    for k in std.set([e[0] for e in edges])
  ];
  local explained = std.join(' or ', [
    '%s and on (%s) %s' % [
      firing(named(bySources[1]), group[0].where),
      std.join(', ', [c.clusterLabel] + group[0].on),
      firing(named(std.split(bySources[0], ' ')), group[0].when),
    ]
    for group in together
    for bySources in group[1]
  ]);

  // The labels by which an alert says what it is about, in the order of reading.
  local about = std.split('objects node server hostname endpoint namespace kind name horizontalpodautoscaler addon component api backend webhook source collector zone other_zone peer filesystem root resource check probe state condition taint signer network direction side priority_level operation uid controller scheduler type metric signature reason cause fault', ' ');
  local object(expr) = 'label_replace(label_join(%s, "object", " ", %s), "object", "$1", "object", " *(.*?) *")' % [expr, std.join(', ', ['"%s"' % l for l in about])];

  local all = named(['.+']);
  local ranked = '(%s or 2 * %s or 3 * %s)' % [firing(all, { severity: s }) for s in ['critical', 'warning', 'info']];
  local roles = 'label_replace(10 + (%s and (%s)), "role", "follows", "", "") or ignoring (role) label_replace(%s, "role", "cause", "", "")' % [ranked, explained, ranked];
  local blind = 'label_replace(label_replace(absent(up{%s} == 1), "alertname", "kubevitals is not scraped", "", ""), "severity", "critical", "", "")' % c.panel;

  local mapping(options) = [{ type: 'value', options: options }];
  local colours = { critical: 'red', warning: 'orange', info: 'blue' };
  local override(name, properties) = { matcher: { id: 'byName', options: name }, properties: [{ id: p, value: properties[p] } for p in std.objectFields(properties)] };
  local fixed(colour) = { mode: 'fixed', fixedColor: colour };
  local reads(value, colour, text) = { [value]: { text: text, color: colour, index: 0 } };

  local incidents =
    g.table(
      'Incidents',
      'Alerts that fire: first those that nothing else that fires explains, then what follows from them. Each leads to its runbook.',
      [
        g.column('sort(max by (severity, alertname, object, role) (%s) or %s)' % [object(roles), blind]),
        g.column('max by (severity, alertname, object) (%s)' % object('time() - (ALERTS_FOR_STATE{alertname=~"%s", %s} and ignoring (alertstate) %s)' % [all, cluster, firing(all)]), 'For', 's'),
      ],
      { mayBeEmpty: true, noValue: 'none' },
    ) {
      fieldConfig+: {
        overrides+: [
          override('Severity', {
            mappings: mapping({ [s]: { text: s, color: colours[s], index: 0 } for s in std.objectFields(colours) }),
            'custom.cellOptions': { type: 'color-text' },
            'custom.width': 90,
          }),
          override('Problem', {
            mappings: mapping({ [a.alert]: { text: a.summary, index: 0 } for a in alerts }),
            links: [{ title: 'Runbook', url: c.runbookURLPattern % '${__value.raw}', targetBlank: true }],
            'custom.minWidth': 380,
          }),
          override('Where', { 'custom.width': 260 }),
          override('Role', { 'custom.width': 80 }),
          override('For', { 'custom.width': 100, decimals: 0 }),
        ],
      },
      transformations: [super.transformations[0], super.transformations[1] {
        options+: {
          indexByName: { severity: 0, alertname: 1, object: 2, 'Value #B': 3, role: 4, 'Value #A': 5 },
          renameByName: { severity: 'Severity', alertname: 'Problem', object: 'Where', role: 'Role', 'Value #B': 'For' },
        },
      }],
    };

  local state(expr, from, text) = 'label_replace(%s, "state", "%s", "%s", "(.*)")' % [expr, text, from];
  local nodes = g.table(
    'Nodes by state',
    'Number of nodes that are ready, of those of them that say that something is short, and of those that are not ready, by cause.',
    [g.column('sort(sum by (state) (%s))' % std.join(' or ', [
      state('count by (cause) (max by (node, cause) (kubevitals_node_readiness_not_ready{%s}))' % c.panel, 'cause', 'not ready: $1'),
      state('max(kubevitals_node_disk_pressure_nodes{%s, status="true"}) > 0' % c.panel, '', 'disk pressure'),
      state('max by (condition) (kubevitals_node_degraded_condition_nodes{%s, status="true"}) > 0' % c.panel, 'condition', '$1'),
      state('sum(max by (node) (kubevitals_node_readiness_ready{%s}))' % c.panel, '', 'ready'),
    ]), 'Nodes')],
    { noValue: 'not collected: the dashboard Exporter says why' },
  ) { fieldConfig+: { overrides+: [override('Nodes', { 'custom.width': 90 })] } };

  local servers = g.stat(
    'API servers',
    'API servers that answered over verified TLS, and those that did not.',
    'short',
    [
      g.target('sum(max by (server) (kubevitals_apiserver_up{%s}))' % c.panel, 'up'),
      g.target('sum(max by (server) (kubevitals_apiserver_up{%s}) == bool 0)' % c.panel, 'down'),
    ],
    { alerts: ['KubeVitalsAPIServerAllDown', 'KubeVitalsAPIServerDown'], noValue: 'not collected: the dashboard Exporter says why' },
  ) { fieldConfig+: { overrides+: [override('down', { thresholds: { mode: 'absolute', steps: [{ color: 'text', value: null }, { color: 'red', value: 1 }] } })] } };

  local works = mapping(reads('0', 'red', 'fails') + reads('1', 'green', 'works'));
  local etcd = g.stat(
    'etcd',
    'Whether one small object could be read from etcd, and written to it, through any API server.',
    'short',
    [g.target('max by (probe) (kubevitals_apiserver_probe_result{%s, probe=~"read|write", result="ok"})' % c.panel, '{{probe}}')],
    { alerts: ['KubeVitalsAPIServerReadsFailing', 'KubeVitalsAPIServerWritesFailing'], noValue: 'not collected: the dashboard Exporter says why' },
  ) { fieldConfig+: { defaults+: { mappings: works } } };

  local dns = g.stat(
    'DNS',
    'DNS servers of the cluster that answer for a name of the cluster, and those that do not or wrongly.',
    'short',
    [
      g.target('sum(max by (origin, server) (kubevitals_dns_probe_servers{%s, probe="cluster", origin!="service", result="ok"}))' % c.panel, 'answer'),
      g.target('sum(max by (origin, server, result) (kubevitals_dns_probe_servers{%s, probe="cluster", origin!="service", result!="ok"}))' % c.panel, 'fail'),
    ],
    { alerts: ['KubeVitalsDNSDown', 'KubeVitalsDNSServerDown'], mayBeEmpty: true, noValue: 'not collected: no DNS server is probed' },
  ) { fieldConfig+: { overrides+: [override('fail', { thresholds: { mode: 'absolute', steps: [{ color: 'text', value: null }, { color: 'red', value: 1 }] } })] } };

  local restore = g.stat(
    'Last restore of etcd',
    'Time since etcd went back to an older state, as it does after a restore.',
    's',
    [g.target('time() - max(kubevitals_stale_reads_rewind_timestamp_seconds{%(p)s}) or -1 * absent(kubevitals_stale_reads_rewound{%(p)s})' % { p: c.panel }, 'ago')],
    { alerts: ['KubeVitalsEtcdWentBack'], mayBeEmpty: true, noValue: 'none' },
  ) { fieldConfig+: { defaults+: { mappings: mapping(reads('-1', 'text', 'not collected')) } } };

  local history = g.timeseries(
    'Alerts that fire',
    'Number of alerts that fire, by severity.',
    'short',
    [g.target('count by (severity) (%s) or 0 * group by (severity) (%s)' % [firing(all), 'label_replace(up{%(p)s}, "severity", "critical", "", "") or label_replace(up{%(p)s}, "severity", "warning", "", "") or label_replace(up{%(p)s}, "severity", "info", "", "")' % { p: c.panel }], '{{severity}}')],
    { noValue: 'not collected: kubevitals is not scraped' },
  ) { fieldConfig+: { overrides+: [override(s, { color: fixed(colours[s]) }) for s in std.objectFields(colours)] } };

  local notReady = g.timeseries(
    'Nodes that are not ready',
    'Number of nodes that are not ready, by cause.',
    'short',
    [
      g.target('count by (cause) (max by (node, cause) (kubevitals_node_readiness_not_ready{%s}))' % c.panel, '{{cause}}'),
      g.target('sum(max by (node) (kubevitals_node_readiness_ready{%s}) == bool 0)' % c.panel, 'all'),
    ],
    { alerts: ['KubeVitalsNodesNotReady', 'KubeVitalsNodeNotReady'], noValue: 'not collected: the dashboard Exporter says why' },
  );

  local at(panel, x, y, w, h) = panel { fieldConfig+: { defaults+: { noValue: panel.noValue } }, gridPos: { x: x, y: y, w: w, h: h } };
  [
    at(incidents, 0, 0, 16, 15),
    at(nodes, 16, 0, 8, 7),
    at(servers, 16, 7, 4, 4),
    at(etcd, 20, 7, 4, 4),
    at(dns, 16, 11, 4, 4),
    at(restore, 20, 11, 4, 4),
    at(history, 0, 15, 12, 6),
    at(notReady, 12, 15, 12, 6),
  ]
