// What the cluster stands on crashes or lacks pods: the control plane, DNS, kube-proxy, agents
// of networks and volumes, metrics-server or the dashboard.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(config)
  local agents = (import '../network_agents.libsonnet')(config);
  local c = config {
    kubeProxyPanel: '%s, %s="$cluster"' % [config.kubeProxySelector, config.clusterLabel],
    // Addons that have a pod on each node.
    onEachNode: 'node-local-dns|kube-proxy|multus|.*csi-node|' + (import '../network_addons.libsonnet').names,
    // Addons of which none may be without, beside agents of networks: all pods need them.
    vital: 'dns|node-local-dns|kube-proxy',
  };
  // A container that crashes runs for a moment between its crashes.
  local crashing = 'max by (%(by)s, addon) (max_over_time(kubevitals_addon_health_pods{%(selector)s, state="crash_loop"}[10m])) > 0' % c;
  // Of none that is ready there may be none that is wanted: somebody set DNS to zero. Of
  // OpenShift's only the pods are seen; one alone may be all that a dump holds.
  local down = |||
    (
      max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s, addon=~"%(vital)s"}) > 0
      and on (%(by)s, addon)
      max by (%(by)s, addon) (kubevitals_addon_health_ready_pods{%(selector)s}) == 0
      or
      max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s, addon="dns"}) == 0
      unless on (%(by)s, addon)
      max by (%(by)s, addon) (kubevitals_addon_health_pods{%(selector)s, state="ready"}) > 0
      unless on (%(by)s)
      max by (%(by)s) (kubevitals_dns_endpoints{%(selector)s, state="ready"}) > 0
      or
      sum by (%(by)s, addon) (max by (%(by)s, addon, state) (kubevitals_addon_health_pods{%(selector)s, addon=~"%(vital)s"})) > 1
      and on (%(by)s, addon)
      max by (%(by)s, addon) (kubevitals_addon_health_pods{%(selector)s, state="ready"}) == 0
      unless on (%(by)s, addon)
      max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s})
    )
  ||| % c;
  // The same of those that lack pods, and so have some that are wanted.
  local noneReady = |||
    (
      max by (%(by)s, addon) (kubevitals_addon_health_ready_pods{%(selector)s, addon=~"%(vital)s"}) == 0
      or
      %(agents)s
    )
  ||| % (c { agents: promql.indent(agents.noneReady) });
  local crashes = (import '../addon_crashes.libsonnet')(c);
  local k = c { crashing: crashing, down: '(\n  ' + promql.indent(down + 'or\n' + agents.down) + '\n)', vitalDown: down, noneReady: promql.line(noneReady), excused: promql.indent(promql.indent((import '../addon_excuses.libsonnet')(c))) };

  {
    name: 'addon_health',
    area: 'workloads',
    foreign: {
      kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds: c.kubeProxySelector,
      kubeproxy_sync_proxy_rules_last_timestamp_seconds: c.kubeProxySelector,
    },
    alerts: agents.alerts + [
      {
        alert: 'KubeVitalsAddonDown',
        each: 'addon',
        severity: 'critical',
        expr: |||
          %(vitalDown)s
          unless on (%(by)s, addon)
          label_replace(max by (%(by)s) (kubevitals_dns_endpoints{%(selector)s, state="ready"}) == 0, "addon", "dns", "", "")
        ||| % k,
        'for': '5m',
        summary: 'An addon that the cluster depends on has no ready pod.',
        explainedBy: why.ofCluster(['KubeVitalsNodesNotReady'], { inhibits: false }),
        description: 'Addon {{ $labels.addon }} of cluster %(cluster)s has no ready pod%(wants)s.%(crashes)s',
        values: {
          wants: promql.lookup(
            c,
            'max (kubevitals_addon_health_desired_pods{%s, addon=%%q})',
            ['addon'],
            '{{ if .Value }}; it wants {{ .Value }}{{ else }}, and none is wanted: its Deployments and DaemonSets are set to 0{{ end }}'
          ),
          crashes: crashes.after(' Its pods keep crashing'),
        },
      },
      {
        alert: 'KubeVitalsAddonCrashLooping',
        each: 'addon',
        severity: 'warning',
        expr: |||
          %(crashing)s
          unless on (%(by)s, addon)
          %(down)s
        ||| % k,
        'for': '10m',
        summary: 'Pods of an addon that the cluster depends on keep crashing.',
        explainedBy: why.on(['addon'], ['KubeVitalsAddonDown', 'KubeVitalsNetworkAgentsDown'])
                     + why.on(['addon'], ['KubeVitalsNodeNetworkAgentNotReady'], { inhibits: false })
                     + why.ofCluster(['KubeVitalsAPIServerDown', 'KubeVitalsAPIServerAllDown'], { where: { addon: 'kube-apiserver' } })
                     + why.ofCluster(['KubeVitalsControllerManagerDown'], { where: { addon: 'kube-controller-manager' }, inhibits: false })
                     + why.ofCluster(['KubeVitalsSchedulerDown'], { where: { addon: 'kube-scheduler' }, inhibits: false })
                     + why.ofCluster(['KubeVitalsCloudControllerManagerDown'], { where: { addon: 'cloud-controller-manager' }, inhibits: false }),
        description: 'Pods of addon {{ $labels.addon }} in cluster %(cluster)s that keep crashing: {{ $value }}.%(ends)s%(nodes)s',
        values: { ends: crashes.after(' How they ended last'), nodes: crashes.on },
      },
      {
        alert: 'KubeVitalsAddonDegraded',
        each: 'addon',
        severity: 'warning',
        expr: |||
          (
            max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s})
            - on (%(by)s, addon)
            max by (%(by)s, addon) (kubevitals_addon_health_ready_pods{%(selector)s})
            - on (%(by)s, addon)
            %(excused)s
            > 0
          )
          unless on (%(by)s, addon)
          %(noneReady)s
          unless on (%(by)s, addon)
          %(crashing)s
          unless on (%(by)s, addon)
          time() - min by (%(by)s, addon) (kubevitals_addon_health_not_ready_since_timestamp_seconds{%(selector)s}) <= %(addonNotReadySeconds)s
        ||| % k,
        'for': '15m',
        summary: 'An addon that the cluster depends on lacks ready pods, and none is known to crash.',
        explainedBy: why.on(['addon'], ['KubeVitalsAddonDown', 'KubeVitalsNetworkAgentsDown', 'KubeVitalsAddonCrashLooping'])
                     + why.on(['addon'], ['KubeVitalsNodeNetworkAgentNotReady'], { inhibits: false }),
        description: 'Ready pods that addon {{ $labels.addon }} of cluster %(cluster)s lacks, without those on nodes known to be not ready: {{ $value }}. None is known to crash; the panel "Addons that are not ready" says on which nodes.',
      },
      {
        alert: 'KubeVitalsAddonRestarting',
        each: 'node',
        severity: 'warning',
        // Of one that waits to be started again at the moment the alert above tells.
        expr: |||
          max by (%(by)s, addon, node) (kubevitals_addon_health_restarts{%(selector)s}) >= %(addonRestarts)s
          and on (%(by)s, addon, node)
          (
            max by (%(by)s, addon, node) (kubevitals_addon_health_restarts{%(selector)s})
              / on (%(by)s, addon, node)
              max by (%(by)s, addon, node) (time() - kubevitals_addon_health_restarts_since_timestamp_seconds{%(selector)s})
            > %(addonRestartsPerHour)s / 3600
            or
            max by (%(by)s, addon, node) (kubevitals_addon_health_last_run_seconds{%(selector)s}) < %(addonShortRunSeconds)s
            and on (%(by)s, addon, node)
            time() - max by (%(by)s, addon, node) (kubevitals_addon_health_last_end_timestamp_seconds{%(selector)s}) < %(addonJustEndedSeconds)s
          )
          unless on (%(by)s, addon)
          %(crashing)s
          unless on (%(by)s, addon)
          %(down)s
        ||| % k,
        'for': '5m',
        summary: 'A pod of an addon that the cluster depends on keeps restarting.',
        explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsEtcdSlow', 'KubeVitalsAPIServerSlow'], { where: { addon: 'kube-.+|cloud-controller-manager' }, inhibits: false })
                     + why.ofCluster(['KubeVitalsAddonCrashLooping'], { when: { addon: 'etcd' }, where: { addon: 'kube-(apiserver|controller-manager|scheduler)|cloud-controller-manager' }, inhibits: false })
                     + why.on(['node'], ['KubeVitalsNodeMemoryPressure', 'KubeVitalsNodeOutOfMemory', 'KubeVitalsNodePIDPressure', 'KubeVitalsNodeDiskPressure'], { inhibits: false }),
        description: 'A container of addon {{ $labels.addon }}{{ with $labels.node }} on node {{ . }}{{ end }} of cluster %(cluster)s was started again {{ $value }} times%(since)s, and ended within the last hour%(run)s. It runs for long enough in between to count as ready.',
        values: {
          since: promql.lookup(
            c,
            'time() - max (kubevitals_addon_health_restarts_since_timestamp_seconds{%s, addon=%%q, node=%%q})',
            ['addon', 'node'],
            ' within {{ .Value | humanizeDuration }}'
          ),
          run: promql.lookup(
            c,
            'max (kubevitals_addon_health_last_run_seconds{%s, addon=%%q, node=%%q}) > 0',
            ['addon', 'node'],
            ', after it had run for {{ .Value | humanizeDuration }}'
          ),
        },
      },
      {
        alert: 'KubeVitalsKubeProxySyncStuck',
        severity: 'warning',
        // Agents on nodes know the node and see more; where they run, kube_proxy alerts.
        expr: |||
          count by (%(by)s) (
            max by (%(by)s, instance, ip_family) (kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{%(kubeProxySelector)s})
            - on (%(by)s, instance, ip_family)
            max by (%(by)s, instance, ip_family) (kubeproxy_sync_proxy_rules_last_timestamp_seconds{%(kubeProxySelector)s})
            > %(kubeProxySyncSeconds)s
          )
          unless on (%(by)s)
          max by (%(by)s) (kubevitals_kube_proxy_up{%(nodeSelector)s}) == 1
        ||| % c,
        'for': '10m',
        summary: 'kube-proxy runs, but its rules are not written.',
        explainedBy: why.ofCluster(['KubeVitalsAddonDown'], { when: { addon: 'kube-proxy' } }),
        description: 'Instances of kube-proxy in cluster %(cluster)s that have changes of more than %(kubeProxySyncSeconds)s seconds ago that they did not write: {{ $value }}. Services on their nodes lead to pods that are gone.',
      },
    ],
    panels: [
      g.timeseries(
        'Ready pods of addons',
        'Pods that each addon has ready, of those that it wants.',
        'percentunit',
        [g.target('max by (addon) (kubevitals_addon_health_ready_pods{%(panel)s}) / max by (addon) (kubevitals_addon_health_desired_pods{%(panel)s})' % c, '{{addon}}')],
        { alerts: ['KubeVitalsAddonDown', 'KubeVitalsNetworkAgentsDown', 'KubeVitalsAddonDegraded'], mayBeEmpty: true },
      ),
      g.timeseries(
        'Pods of addons by state',
        'Pods that keep crashing, and others that are not ready; beside them the nodes that are not ready, whose pods are not ready either.',
        'short',
        [
          g.target('max by (addon, state) (kubevitals_addon_health_pods{%(panel)s})' % c, '{{addon}} {{state}}'),
          g.target('count(max by (node) (kubevitals_node_readiness_ready{%(panel)s}) == 0)' % c, 'nodes not ready'),
        ],
        { alerts: ['KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], mayBeEmpty: true },
      ),
      g.table(
        'Addons that crash',
        'How the containers that keep crashing ended last.',
        [g.column('max by (addon, node, reason, exit) (kubevitals_addon_health_crash_loop_pods{%(panel)s}) > 0' % c, 'Pods')],
        { alerts: ['KubeVitalsAddonCrashLooping'], mayBeEmpty: true },
      ),
      g.table(
        'Addons that keep restarting',
        'How often containers of addons were started again, of which one ended within the last hour, how often in an hour since their pod was started, for how long they last ran, and how long ago they ended.',
        [
          g.column('max by (addon, node) (kubevitals_addon_health_restarts{%(panel)s})' % c, 'Restarts'),
          g.column('3600 * max by (addon, node) (kubevitals_addon_health_restarts{%(panel)s}) / max by (addon, node) (time() - kubevitals_addon_health_restarts_since_timestamp_seconds{%(panel)s})' % c, 'Restarts an hour'),
          g.column('max by (addon, node) (kubevitals_addon_health_last_run_seconds{%(panel)s})' % c, 'Last ran for', 's'),
          g.column('time() - max by (addon, node) (kubevitals_addon_health_last_end_timestamp_seconds{%(panel)s})' % c, 'Ended ago', 's'),
        ],
        { alerts: ['KubeVitalsAddonRestarting'], mayBeEmpty: true },
      ),
      g.table(
        'Addons that are not ready',
        'Nodes with pods of addons that are not ready, and how many of them wait for an image that cannot be pulled, and for how long nodes have said that they have no network; no node means that none was found.',
        [
          g.column('max by (addon, node) (kubevitals_addon_health_not_ready_pods{%(panel)s}) > 0' % c, 'Pods'),
          g.column('max by (addon, node) (kubevitals_addon_health_image_wait_pods{%(panel)s}) > 0' % c, 'Wait for an image'),
          g.column('max by (node) (kubevitals_node_readiness_not_ready{%(panel)s, cause="network_plugin_missing"}) * on (node) (time() - max by (node) (kubevitals_node_readiness_transition_timestamp_seconds{%(panel)s}))' % c, 'Not ready for', 's'),
          g.column('time() - max by (node) (kubevitals_node_degraded_condition_since_timestamp_seconds{%(panel)s, condition="NetworkUnavailable"})' % c, 'No network for', 's'),
        ],
        { alerts: ['KubeVitalsAddonDegraded', 'KubeVitalsNodeNetworkAgentNotReady'], mayBeEmpty: true },
      ),
      g.timeseries(
        'Rules that kube-proxy has not written',
        'Time between the last change that kube-proxy took note of and the last one that it wrote; below 0 all is written.',
        's',
        [g.target('max by (instance, ip_family) (kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{%(kubeProxyPanel)s}) - max by (instance, ip_family) (kubeproxy_sync_proxy_rules_last_timestamp_seconds{%(kubeProxyPanel)s})' % c, '{{instance}} {{ip_family}}')],
        { signed: true, alerts: ['KubeVitalsKubeProxySyncStuck'], threshold: c.kubeProxySyncSeconds, mayBeEmpty: true },
      ),
    ],
  }
