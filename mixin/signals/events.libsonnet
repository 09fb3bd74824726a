// Warning events that the guide names, and what they are called today.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  // Nodes of which such an event was seen within the last minutes. An event is
  // held for an hour, so that its latest time counts and not that it is held. Which it
  // was changes while a node is ill, and is in the text.
  local onNodes(reasons, seconds=c.eventsFreshSeconds) = |||
    max by (%(by)s, node) (kubevitals_events_last_seen_timestamp_seconds{%(selector)s, node!="", reason=~"%(reasons)s"})
    > time() - %(seconds)s
  ||| % (c { reasons: reasons, seconds: seconds }),
  local seen(reasons, seconds=c.eventsFreshSeconds) = promql.each(
    c,
    'max by (reason) (kubevitals_events_last_seen_timestamp_seconds{%%s, node=%%[2]q, reason=~"%s"}) > time() - %d' % [reasons, seconds],
    ['node'],
    'reason',
    '{{ $one.Labels.reason }}'
  ),
  local kernel = 'TaskHung|KernelOops|UnregisterNetDevice|Ext4Error|IOError|MemoryReadError|ConntrackFull|DNSUnreachable',
  local garbage = 'ImageGCFailed|ContainerGCFailed|FreeDiskSpaceFailed',
  local misconfigured = 'CheckLimitsForResolvConf|MissingClusterDNS|CgroupV1|KubeletSetupFailed',
  local often(reason) = 'max by (%(by)s, reason) (increase(kubevitals_events_total{%(selector)s, reason="%(reason)s"}[15m]))' % (c { reason: reason }),

  name: 'events',
  area: 'workloads',
  alerts: [
    {
      alert: 'KubeVitalsNodeOutOfMemory',
      each: 'node',
      severity: 'warning',
      // OOMKilling of the Node Problem Detector is also of containers at a limit of their own.
      expr: onNodes('SystemOOM'),
      'for': '0m',
      keep_firing_for: '5m',
      summary: 'A node ran out of memory, and its kernel killed a process.',
      explainedBy: why.on(['node'], ['KubeVitalsReflectorMetricsLeakMemory'], { inhibits: false }),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s reported SystemOOM within the last %(minutes)s minutes: its kernel killed a process because memory ran out.',
      values: { minutes: c.eventsFreshSeconds / 60 },
    },
    {
      alert: 'KubeVitalsNodeRebooted',
      each: 'node',
      severity: 'info',
      expr: onNodes('Rebooted'),
      'for': '0m',
      summary: 'A node was rebooted.',
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has another boot id than before: it was rebooted, by somebody or by a crash, or another machine has taken its name.',
    },
    {
      alert: 'KubeVitalsKernelTrouble',
      each: 'node',
      severity: 'warning',
      expr: onNodes(kernel),
      'for': '0m',
      keep_firing_for: '5m',
      summary: 'Node Problem Detector saw trouble in the kernel of a node.',
      explainedBy: why.on(['node'], ['KubeVitalsNodeProblem'], { when: { condition: 'KernelDeadlock|ReadonlyFilesystem' }, inhibits: false }),
      description: 'Node Problem Detector reported %(seen)s on node {{ $labels.node }} of cluster %(cluster)s.',
      values: { seen: seen(kernel) },
    },
    {
      alert: 'KubeVitalsGarbageCollectionFailing',
      each: 'node',
      severity: 'warning',
      // A kubelet says so once as it starts, before it has figures of its disk; what
      // fails is tried again, every minute or every five.
      expr: |||
        %(seen)s
        and on (%(by)s, node)
        %(recent)s > 1
        unless on (%(by)s, node)
        %(recent)s <= on (%(by)s, node) max by (%(by)s, node) (kubevitals_kubelet_restarts_recent_starts{%(selector)s})
      ||| % (c { seen: promql.line(onNodes(garbage, c.eventsGarbageCollectionSeconds)), recent: 'max by (%(by)s, node) (kubevitals_events_recent{%(selector)s, node!="", reason=~"%(reasons)s"})' % (c { reasons: garbage }) }),
      'for': '10m',
      summary: 'The kubelet of a node cannot remove dead containers or unused images.',
      explainedBy: why.lostNode + why.noRuntime + why.on(['node'], ['KubeVitalsNodeDiskPressure', 'KubeVitalsNodeDiskImageGCStuck', 'KubeVitalsFilesystemReadOnly', 'KubeVitalsFilesystemDead']),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s repeatedly reports %(seen)s: its container runtime hangs, or nothing on its disk may be removed.',
      values: { seen: seen(garbage, c.eventsGarbageCollectionSeconds) },
    },
    {
      alert: 'KubeVitalsKubeletMisconfigured',
      each: 'node',
      severity: 'info',
      expr: onNodes(misconfigured),
      'for': '0m',
      summary: 'A kubelet complains of its own configuration.',
      explainedBy: why.on(['node'], ['KubeVitalsKubeletRestartLoop'], { inhibits: false }),
      description: 'The kubelet of node {{ $labels.node }} of cluster %(cluster)s reported %(seen)s.',
      values: { seen: seen(misconfigured) },
    },
    {
      alert: 'KubeVitalsManyEvictions',
      severity: 'warning',
      expr: |||
        %(often)s > %(eventsEvictions)s
        unless on (%(by)s)
        %(often)s <= on (%(by)s) %(eventsEvictionsPerNode)g * count by (%(by)s) (max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}))
      ||| % (c { often: often('Evicted') }),
      'for': '0m',
      keep_firing_for: '5m',
      summary: 'Kubelets evict many pods.',
      explainedBy: why.ofCluster(['KubeVitalsNodeDiskPressure', 'KubeVitalsNodeMemoryPressure', 'KubeVitalsNodePIDPressure'], { inhibits: false }),
      description: 'Kubelets of cluster %(cluster)s evicted {{ $value | humanize }} pods within 15 minutes because their nodes ran short of memory, disk or process ids.',
    },
    {
      alert: 'KubeVitalsUpdateConflicts',
      severity: 'warning',
      expr: |||
        %(often)s > %(eventsUpdateConflicts)s
        unless on (%(by)s)
        %(often)s <= on (%(by)s) %(eventsUpdateConflictsPerAutoscaler)g * max by (%(by)s) (kubevitals_autoscaling_autoscalers{%(selector)s})
      ||| % (c { often: often('FailedUpdateStatus') }),
      'for': '15m',
      summary: 'The controller manager cannot update objects, because it works with outdated ones.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdWentBack', 'KubeVitalsAPIServerCacheStaleAfterRestore']) + why.ofCluster(['KubeVitalsControllerStaleAfterRestore'], { when: { component: 'kube-controller-manager' } }),
      description: 'The controller manager of cluster %(cluster)s failed {{ $value | humanize }} times within 15 minutes to update the status of an autoscaler. After a restore of etcd this means that its cache is older than the restore.',
    },
    {
      alert: 'KubeVitalsPodDNSConfigTruncated',
      severity: 'info',
      expr: '%s > 0\n' % often('DNSConfigForming'),
      'for': '1h',
      summary: 'Pods have more name servers or search domains than the resolver reads.',
      description: 'Kubelets of cluster %(cluster)s leave out name servers or search domains of pods, because there are more than the resolver of a pod reads.',
    },
  ],
  panels: [
    g.timeseries(
      'Warnings',
      'How often each warning of the list occurred.',
      'short',
      [g.target('max by (reason, kind) (increase(kubevitals_events_total{%(panel)s}[$__rate_interval])) > 0' % c, '{{reason}} ({{kind}})')],
      { alerts: ['KubeVitalsManyEvictions', 'KubeVitalsUpdateConflicts', 'KubeVitalsPodDNSConfigTruncated'], mayBeEmpty: true },
    ),
    g.table(
      'Warnings of nodes',
      'Occurrences in the warnings that the API server still holds, by node.',
      [g.column('max by (node, reason, kind) (kubevitals_events_recent{%(panel)s, node=~"$node"})' % c, 'Occurrences')],
      { mayBeEmpty: true },
    ),
    g.timeseries(
      'Last seen',
      'Time since each warning of a node was last seen.',
      's',
      [g.target('time() - max by (node, reason) (kubevitals_events_last_seen_timestamp_seconds{%(panel)s, node=~"$node", node!=""})' % c, '{{node}} {{reason}}')],
      {
        alerts: [
          'KubeVitalsNodeOutOfMemory',
          'KubeVitalsNodeRebooted',
          'KubeVitalsKernelTrouble',
          'KubeVitalsGarbageCollectionFailing',
          'KubeVitalsKubeletMisconfigured',
        ],
        mayBeEmpty: true,
      },
    ),
  ],
}
