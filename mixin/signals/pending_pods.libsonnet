// New pods stay Pending, and why.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local imageCauses = import '../image_causes.libsonnet';
local leases = import '../leases.libsonnet';
local promql = import '../promql.libsonnet';
local sandboxCauses = import '../sandbox_causes.libsonnet';

function(c) {
  // Age of the pod that waits longest, for one reason.
  local oldest(reason, labels='') = 'time() - min by (%s%s) (kubevitals_pending_pods_oldest_timestamp_seconds{%s, reason=~"%s"})' % [c.by, labels, c.selector, reason],

  // What is known of a pod that does not start, by its reason.
  local doesNotStart = {
    container_setup: 'a container cannot be set up with its ConfigMap, Secret, command or hook',
    init_failing: 'an init container keeps failing',
    sandbox: 'its sandbox is not made, and no event says why',
    creating: 'none of its containers has begun, and no event of the last 10 minutes says whether it lacks a sandbox, a volume or an image',
    starting: 'its sandbox is there, and a container that no error is told of is not: an image is pulled that long, or the runtime does not create it',
  },

  // Taints of the start of nodes that keep pods off some that are ready.
  local startupTaints = promql.lookup(
    c,
    'count(kubevitals_node_degraded_startup_taint_timestamp_seconds{%s}) > 0',
    [],
    ' Ready nodes still have a taint of their start: %s.' % promql.each(
      c,
      'count by (taint) (max by (node, taint) (kubevitals_node_degraded_startup_taint_timestamp_seconds{%s}))',
      [],
      'taint',
      '{{ .Labels.taint }} on {{ .Value }} node{{ if ne .Value 1.0 }}s{{ end }}'
    )
  ),

  // Ready nodes that a taint keeps pods off, as somebody was about to remove them. Where
  // nobody is any more, the taint stays.
  local going = 'max by (node, sign) (kubevitals_node_readiness_leaving{%s, sign!~"cordoned_and_off|deletion"}) and on (node) max by (node) (kubevitals_node_readiness_ready{%s}) == 1',
  local leaving = promql.list(
    c,
    'label_replace(label_join(%s, "name", "/", "node", "sign"), "name", "$1 ($2)", "name", "([^/]*)/(.*)")' % going,
    [],
    'name',
    ' Ready nodes that are said to be about to go, on which nothing is placed: ',
    '.'
  ),

  name: 'pending_pods',
  area: 'workloads',
  alerts: [
    {
      alert: 'KubeVitalsPodsWithoutScheduler',
      severity: 'critical',
      expr: |||
        %(oldest)s > %(pendingNoSchedulerSeconds)s
        unless on (%(by)s)
        time() - max by (%(by)s) (kubevitals_control_plane_leases_renew_timestamp_seconds{%(selector)s, component="kube-scheduler"})
        > %(controlPlaneLeaseStaleSeconds)s
        unless on (%(by)s)
        %(nothingWritten)s
      ||| % (c { oldest: oldest('no_scheduler'), nothingWritten: leases(c).nothingWritten }),
      'for': '2m',
      summary: 'No scheduler looks at new pods, though one holds its Lease.',
      explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsSchedulerDown']),
      description: 'A pod of cluster %(cluster)s has waited {{ $value | humanizeDuration }} for the default scheduler, or another that the cluster is said to have, and it has not looked at it. Where it holds its Lease it hangs, or is overloaded.',
    },
    {
      alert: 'KubeVitalsPodsOfOtherScheduler',
      each: 'namespace_of_pods',
      severity: 'warning',
      expr: |||
        time() - min by (%(by)s, namespace, scheduler) (kubevitals_pending_pods_other_scheduler_oldest_timestamp_seconds{%(selector)s}) > %(pendingUnschedulableSeconds)s
      ||| % c,
      'for': '5m',
      summary: 'Pods ask for a custom scheduler, which does not look at them.',
      explainedBy: why.nothingWritten,
      description: 'A pod of namespace {{ $labels.namespace }} of cluster %(cluster)s has waited {{ $value | humanizeDuration }} for scheduler {{ $labels.scheduler }}, which has not looked at it: it does not run, or its name is mistyped in the pod. Other pods do not need it.',
    },
    {
      alert: 'KubeVitalsPodsUnschedulable',
      each: 'namespace_of_pods',
      severity: 'warning',
      // One pod that nobody can place must not hide those of others.
      expr: |||
        time() - min by (%(by)s, namespace) (kubevitals_pending_pods_unscheduled_oldest_timestamp_seconds{%(selector)s, reason!="low_priority"}) > %(pendingUnschedulableSeconds)s
      ||| % c,
      'for': '5m',
      summary: 'Pods are unschedulable: they wait for a node, and the scheduler gives them none.',
      explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsSchedulerDown']) + why.ofCluster(['KubeVitalsNodesNotReady', 'KubeVitalsNodeNetworkUnavailable', 'KubeVitalsNodeStartupTaint'], { inhibits: false }) + why.ofCluster(['KubeVitalsManyNodesFailing'], { when: { fault: 'network_unavailable|startup_taint' }, inhibits: false }) + why.noVolumes,
      description: 'A pod of namespace {{ $labels.namespace }} of cluster %(cluster)s has waited {{ $value | humanizeDuration }} and the scheduler gives it no node%(why)s.%(cordoned)s%(tainted)s%(leaving)s',
      values: {
        why: promql.each(
          c,
          'count by (reason) (kubevitals_pending_pods_unscheduled_oldest_timestamp_seconds{%s, namespace=%[2]q, reason!="low_priority"})',
          ['namespace'],
          'reason',
          '{{ if not $i }}: {{ end }}'
          + '{{ if eq .Labels.reason "scheduler_error" }}it fails over it with an error of its own{{ end }}'
          + '{{ if eq .Labels.reason "unbound" }}a claim of a volume of it is not bound: nothing has provisioned the volume, or no class says who should{{ end }}'
          + '{{ if eq .Labels.reason "unschedulable" }}too little is free, its selectors, taints or volumes exclude all nodes, or the rest of its group is missing{{ end }}'
        ),
        cordoned: promql.each(
          c,
          'count(max by (node) (kubevitals_node_readiness_cordoned{%s}) == 1) == count(max by (node) (kubevitals_node_readiness_ready{%s}))',
          [],
          'node',
          ' All nodes ({{ $one.Value }}) are cordoned: nothing is placed on any until one is uncordoned.'
        ),
        tainted: startupTaints,
        leaving: leaving,
      },
    },
    {
      alert: 'KubeVitalsPodsOfLowPriorityWaiting',
      each: 'namespace_of_pods',
      severity: 'info',
      expr: |||
        time() - min by (%(by)s, namespace) (kubevitals_pending_pods_unscheduled_oldest_timestamp_seconds{%(selector)s, reason="low_priority"}) > %(pendingLowPrioritySeconds)s
      ||| % c,
      'for': '15m',
      summary: 'Pods of a negative priority wait for a node, and none fits.',
      description: 'A pod of namespace {{ $labels.namespace }} of cluster %(cluster)s that has a negative priority has waited {{ $value | humanizeDuration }} and fits no node. It gives way to all others, and runs nothing meanwhile.',
    },
    {
      alert: 'KubeVitalsPodsNotPickedUp',
      each: 'node',
      severity: 'warning',
      expr: |||
        %(oldest)s > %(pendingOnNodeSeconds)s
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 1
      ||| % (c { oldest: oldest('not_picked_up', ', node') }),
      'for': '2m',
      summary: 'A kubelet has not picked up the pods assigned to its node, though the node counts as ready.',
      explainedBy: why.lostNode + why.noRuntime + why.nothingWritten + why.noDisk + why.on(['node'], ['KubeVitalsNodeAPIServerUnreachable', 'KubeVitalsWatchStreamsExhausted'], { inhibits: false }),
      description: 'Pods were given to node {{ $labels.node }} of cluster %(cluster)s {{ $value | humanizeDuration }} ago and its kubelet has not begun with them, though the node counts as ready: it hangs, is overloaded, or does not hear of new pods.',
    },
    {
      alert: 'KubeVitalsPodNetworkFailing',
      each: 'node',
      severity: 'warning',
      expr: |||
        %s > %s
      ||| % [oldest('network', ', node'), c.pendingOnNodeSeconds],
      'for': '2m',
      summary: 'Pods on a node get no sandbox or no network.',
      explainedBy: why.lostNode + why.noRuntime + why.noDisk + why.on(['node'], ['KubeVitalsContainerRuntimeNetworkNotReady', 'KubeVitalsNodeNetworkUnavailable']) + why.on(['node'], ['KubeVitalsNodeDiskPressure'], { inhibits: false }),
      description: 'A pod on node {{ $labels.node }} of cluster %(cluster)s has waited {{ $value | humanizeDuration }} for its sandbox and its network%(cause)s.',
      values: {
        cause: promql.each(
          c,
          'max by (cause) (kubevitals_pending_pods_without_sandbox{%s, node=%[2]q})',
          ['node'],
          'cause',
          '{{ if not $i }}: {{ end }}' + std.join('', ['{{ if eq .Labels.cause "%s" }}%s{{ end }}' % [cause, sandboxCauses[cause]] for cause in std.objectFields(sandboxCauses)])
        ),
      },
    },
    {
      alert: 'KubeVitalsPodVolumesFailing',
      each: 'node',
      severity: 'warning',
      expr: |||
        %s > %s
      ||| % [oldest('volume', ', node'), c.pendingVolumeSeconds],
      'for': '2m',
      summary: 'Pods on a node wait for a volume.',
      explainedBy: why.lostNode + why.nothingWritten + why.noDisk + why.ofCluster(['KubeVitalsPodsStuckOnDeadNode', 'KubeVitalsControllerManagerDown'], { inhibits: false }) + why.noVolumes,
      description: 'A pod on node {{ $labels.node }} of cluster %(cluster)s has waited {{ $value | humanizeDuration }} for a volume that cannot be attached or mounted.%(agent)s',
      values: {
        agent: promql.lookup(
          c,
          'max by (addon) (max_over_time(kubevitals_addon_health_crash_loop_pods{%s, node=%%q, addon=~".*csi.*"}[10m])) > 0',
          ['node'],
          ' The agent of a volume driver, {{ .Labels.addon }}, keeps crashing there.'
        ),
      },
    },
    {
      alert: 'KubeVitalsPodImagesFailing',
      each: 'node',
      severity: 'warning',
      // The kubelet of a node that is not ready pulls nothing, unless it is only the network of
      // pods that is missing: an image needs none.
      expr: |||
        %(oldest)s > %(pendingImageSeconds)s
        unless on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s, cause!="network_plugin_missing"}) == 1
      ||| % (c { oldest: oldest('image', ', node') }),
      'for': '5m',
      summary: 'Pods on a node wait for an image that cannot be pulled.',
      explainedBy: why.on(['node'], ['KubeVitalsNodeLeaseStale']) + why.noRuntime + why.noDisk + why.on(['node'], ['KubeVitalsNodeDiskPressure'], { inhibits: false }),
      description: 'A pod on node {{ $labels.node }} of cluster %(cluster)s has waited {{ $value | humanizeDuration }} for an image that cannot be pulled%(cause)s.',
      values: {
        cause: promql.each(
          c,
          'max by (cause) (kubevitals_pending_pods_without_image{%s, node=%[2]q, cause!="unknown"})',
          ['node'],
          'cause',
          '{{ if not $i }}: {{ end }}' + std.join('', ['{{ if eq .Labels.cause "%s" }}%s{{ end }}' % [cause, imageCauses[cause]] for cause in std.objectFields(imageCauses) if imageCauses[cause] != ''])
        ),
      },
    },
    {
      alert: 'KubeVitalsPodSetupFailing',
      each: 'node',
      severity: 'warning',
      expr: |||
        %s > %s
      ||| % [oldest('container_setup|init_failing|sandbox|creating|starting', ', node'), c.pendingImageSeconds],
      'for': '5m',
      summary: 'Pods on a node do not start.',
      explainedBy: why.lostNode + why.noRuntime + why.nothingWritten + why.noDisk + why.on(['node'], ['KubeVitalsNodeDiskPressure'], { inhibits: false }),
      description: 'A pod on node {{ $labels.node }} of cluster %(cluster)s has waited {{ $value | humanizeDuration }} and does not start%(lacks)s.',
      values: {
        lacks: promql.each(
          c,
          'time() - min by (reason) (kubevitals_pending_pods_oldest_timestamp_seconds{%%s, node=%%[2]q, reason=~"container_setup|init_failing|sandbox|creating|starting"}) > %s' % c.pendingImageSeconds,
          ['node'],
          'reason',
          '{{ if not $i }}: {{ end }}' + std.join('', ['{{ if eq .Labels.reason "%s" }}%s{{ end }}' % [reason, doesNotStart[reason]] for reason in std.objectFields(doesNotStart)])
        ),
      },
    },
    {
      alert: 'KubeVitalsPodInitSlow',
      each: 'node',
      severity: 'info',
      expr: |||
        %s > %s
      ||| % [oldest('initializing', ', node'), c.pendingInitSeconds],
      'for': '15m',
      summary: 'Pods on a node have init containers that do not end.',
      explainedBy: why.lostNode,
      description: 'A pod on node {{ $labels.node }} of cluster %(cluster)s was given to it {{ $value | humanizeDuration }} ago, and its init containers have not all ended. None is known to keep failing: it works that long, or waits for what does not come.',
    },
  ],
  panels: [
    g.timeseries(
      'Pending pods by reason',
      'Pods that are pending, by what they wait for.',
      'short',
      [g.target('sum by (reason) (max by (node, reason) (kubevitals_pending_pods_pods{%(panel)s}))' % c, '{{reason}}')],
    ),
    g.timeseries(
      'Longest pending',
      'Time for which the oldest pending pod waits, by reason.',
      's',
      [g.target('time() - min by (reason) (kubevitals_pending_pods_oldest_timestamp_seconds{%(panel)s})' % c, '{{reason}}')],
      {
        alerts: ['KubeVitalsPodsWithoutScheduler', 'KubeVitalsPodSetupFailing'],
        mayBeEmpty: true,
      },
    ),
    g.table(
      'Namespaces whose pods get no node',
      'Namespaces with pods that fit no node, that the scheduler failed over, or that name a scheduler which has not looked at them, with the time that the oldest waits. Pods of a negative priority have the reason low_priority; placeholders, which do nothing but keep room, are left out.',
      [
        g.column('time() - min by (namespace, reason) (kubevitals_pending_pods_unscheduled_oldest_timestamp_seconds{%(panel)s})' % c, 'Oldest waits', 's'),
        g.column('time() - min by (namespace, scheduler) (kubevitals_pending_pods_other_scheduler_oldest_timestamp_seconds{%(panel)s})' % c, 'Oldest waits for its scheduler', 's'),
      ],
      { alerts: ['KubeVitalsPodsUnschedulable', 'KubeVitalsPodsOfOtherScheduler', 'KubeVitalsPodsOfLowPriorityWaiting'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Pods without a sandbox',
      'Pods that have no sandbox or no network, by the cause that their latest event tells.',
      'short',
      [g.target('sum by (cause) (max by (node, cause) (kubevitals_pending_pods_without_sandbox{%(panel)s, node=~"$node"}))' % c, '{{cause}}')],
      { alerts: ['KubeVitalsPodNetworkFailing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Pods without an image',
      'Pods with a container whose image cannot be pulled, by the cause that their latest event tells; unknown where none tells.',
      'short',
      [g.target('sum by (cause) (max by (node, cause) (kubevitals_pending_pods_without_image{%(panel)s, node=~"$node"}))' % c, '{{cause}}')],
      { alerts: ['KubeVitalsPodImagesFailing'], mayBeEmpty: true },
    ),
    g.table(
      'Nodes where pods do not start',
      'Nodes whose pods wait for more than a moment, with the reason and the time.',
      [g.column('time() - min by (node, reason) (kubevitals_pending_pods_oldest_timestamp_seconds{%(panel)s, node=~"$node"}) > %(pendingOnNodeSeconds)s' % c, 'Oldest waits', 's')],
      {
        alerts: ['KubeVitalsPodsNotPickedUp', 'KubeVitalsPodNetworkFailing', 'KubeVitalsPodVolumesFailing', 'KubeVitalsPodImagesFailing', 'KubeVitalsPodInitSlow'],
        mayBeEmpty: true,
      },
    ),
  ],
}
