// etcd went back to an earlier state under a running control plane, or a cache
// lags behind. Names what must be restarted.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  // The time of the latest rewind, for as long as it matters who was restarted.
  local rewind = 'max by (%(by)s) (kubevitals_stale_reads_rewind_timestamp_seconds{%(selector)s} > time() - %(staleReadsRememberDays)s * 86400)' % c,
  local k = c { rewind: rewind },

  name: 'stale_reads',
  area: 'control-plane',
  foreign: {
    apiserver_storage_consistency_checks_total: c.apiserverSelector,
    replicaset_controller_stale_sync_skips_total: c.controllerManagerSelector,
    horizontal_pod_autoscaler_controller_stale_sync_skips_total: c.controllerManagerSelector,
  },
  alerts: [
    {
      alert: 'KubeVitalsEtcdWentBack',
      severity: 'critical',
      expr: |||
        max by (%(by)s) (kubevitals_stale_reads_rewound{%(selector)s}) == 1
        or
        max by (%(by)s) (time() - kubevitals_stale_reads_rewind_timestamp_seconds{%(selector)s}) < %(staleReadsHoldSeconds)s
      ||| % c,
      'for': '0m',
      summary: 'etcd went back to an earlier state under a running control plane.',
      description: 'The etcd of cluster %(cluster)s went back to an earlier state, restored from a backup or after a loss of data: writes get resource versions below one that was given out before. Restart every API server first, then controller managers, schedulers, kubelets and operators: they work with objects that do not exist any more.',
    },
    {
      alert: 'KubeVitalsAPIServerCacheStaleAfterRestore',
      each: 'api_server',
      severity: 'critical',
      expr: |||
        max by (%(by)s, server) (kubevitals_stale_reads_cache_ahead{%(selector)s}) == 1
      ||| % c,
      'for': '1m',
      summary: 'The cache of an API server is stale after a restore of etcd: restart it.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdWentBack'], { inhibits: false }),
      description: 'The cache of API server {{ $labels.server }} of cluster %(cluster)s shows objects newer than all that etcd holds. Lists and watches that it answers are from before the restore, until it is restarted.',
    },
    {
      alert: 'KubeVitalsControllerStaleAfterRestore',
      severity: 'critical',
      expr: |||
        max by (%(by)s, component) (kubevitals_control_plane_leases_acquire_timestamp_seconds{%(selector)s})
        < on (%(by)s) group_left ()
        %(rewind)s
      ||| % k,
      'for': '5m',
      summary: 'A controller was not restarted after etcd was restored: restart it.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdWentBack'], { inhibits: false }),
      description: 'The leader of {{ $labels.component }} in cluster %(cluster)s is the same as before etcd was restored. Its cache is older than the restore: it acts on objects that do not exist, skips new ones, or fails to update them. Restart all its instances.',
    },
    {
      alert: 'KubeVitalsResourceVersionTooLarge',
      each: 'api_server',
      severity: 'warning',
      expr: |||
        max by (%(by)s, server) (kubevitals_stale_reads_too_large_resource_version{%(selector)s}) == 1
      ||| % c,
      'for': '2m',
      summary: 'An API server refuses clients from before a restore of etcd.',
      explainedBy: why.ofCluster(['KubeVitalsEtcdWentBack']) + why.on(['server'], ['KubeVitalsAPIServerCacheStaleAfterRestore']),
      description: 'API server {{ $labels.server }} of cluster %(cluster)s answers "Too large resource version" to clients that know objects from before the restore: kubelets, controllers and operators that were not restarted since.',
    },
    {
      alert: 'KubeVitalsAPIServerCacheLagging',
      each: 'api_server',
      severity: 'warning',
      expr: |||
        max by (%(by)s, server) (kubevitals_stale_reads_cache_lag_seconds{%(selector)s}) > %(staleReadsLagSeconds)s
      ||| % c,
      'for': '2m',
      summary: 'The cache of an API server lags behind etcd.',
      explainedBy: why.on(['server'], ['KubeVitalsAPIServerCacheStaleAfterRestore']) + why.ofCluster(['KubeVitalsAPIServerReadsFailing', 'KubeVitalsEtcdNoLeader']),
      description: 'The cache of API server {{ $labels.server }} of cluster %(cluster)s has lacked a write for {{ $value | humanizeDuration }}: controllers and kubelets that watch through it see an old state.',
    },
    {
      alert: 'KubeVitalsAPIServerCacheInconsistent',
      each: 'resource',
      severity: 'critical',
      expr: |||
        sum by (%(by)s, resource) (increase(apiserver_storage_consistency_checks_total{%(apiserverSelector)s, status="failure"}[30m])) > 0
        unless on (%(by)s)
        max by (%(by)s) (kubevitals_stale_reads_rewound{%(selector)s}) == 1
      ||| % c,
      'for': '0m',
      summary: 'An API server found that its cache differs from etcd.',
      description: 'An API server of cluster %(cluster)s compared its cache of {{ $labels.resource }} with etcd at the same version and found them different. What it answers from the cache is not to be trusted.',
    },
    {
      alert: 'KubeVitalsControllerSkipsStale',
      severity: 'warning',
      expr: |||
        sum by (%(by)s) (rate(replicaset_controller_stale_sync_skips_total{%(controllerManagerSelector)s}[10m])) > %(staleReadsSkipsPerSecond)g
        or
        sum by (%(by)s) (rate(horizontal_pod_autoscaler_controller_stale_sync_skips_total{%(controllerManagerSelector)s}[10m])) > %(staleReadsSkipsPerSecond)g
      ||| % c,
      'for': '15m',
      summary: 'Controllers skip their work because their cache is older than what they wrote.',
      explainedBy: why.ofCluster(['KubeVitalsAPIServerCacheLagging', 'KubeVitalsAPIServerCacheStaleAfterRestore']),
      description: 'Controllers of cluster %(cluster)s skip {{ $value | humanize }} syncs a second because their cache is older than their own writes. Single skips are normal; a steady rate means that the cache does not catch up.',
    },
  ],
  panels: [
    g.stateTimeline(
      'Stale state',
      'Whether etcd went back, which API servers answer from a cache that is from before, and which refuse older clients.',
      [
        g.target('max(kubevitals_stale_reads_rewound{%(panel)s})' % c, 'etcd went back'),
        g.target('max by (server) (kubevitals_stale_reads_cache_ahead{%(panel)s})' % c, '{{server}} cache from before'),
        g.target('max by (server) (kubevitals_stale_reads_too_large_resource_version{%(panel)s})' % c, '{{server}} refuses'),
      ],
      { alerts: ['KubeVitalsEtcdWentBack', 'KubeVitalsAPIServerCacheStaleAfterRestore', 'KubeVitalsResourceVersionTooLarge'], badWhen: 1 },
    ),
    g.timeseries(
      'Resource versions',
      'Version of the last write through each API server, of the same object in its cache, and the highest ever seen.',
      'short',
      [
        g.target('max by (server) (kubevitals_stale_reads_written_resource_version{%(panel)s})' % c, '{{server}} written'),
        g.target('max by (server) (kubevitals_stale_reads_cached_resource_version{%(panel)s})' % c, '{{server}} cached'),
        g.target('max(kubevitals_stale_reads_high_water_mark{%(panel)s})' % c, 'highest seen'),
      ],
    ),
    g.timeseries(
      'Cache lag',
      'Time for which the cache of each API server has lacked a write.',
      's',
      [g.target('max by (server) (kubevitals_stale_reads_cache_lag_seconds{%(panel)s})' % c, '{{server}}')],
      { alerts: ['KubeVitalsAPIServerCacheLagging'], threshold: c.staleReadsLagSeconds },
    ),
    g.timeseries(
      'Version probes',
      'Comparisons of written and cached versions made with each API server.',
      'ops',
      [g.target('max by (server) (rate(kubevitals_stale_reads_probes_total{%(panel)s}[$__rate_interval]))' % c, '{{server}}')],
      { mayBeEmpty: true },
    ),
    g.stateTimeline(
      'State file',
      'Whether the highest version can be saved for the next start, and whether the file was damaged at the last one.',
      [
        g.target('1 - max(kubevitals_source_available{%(panel)s, source="state_file"})' % c, 'cannot be saved'),
        g.target('max(kubevitals_stale_reads_state_file_damaged{%(panel)s})' % c, 'was damaged'),
      ],
      { alerts: ['KubeVitalsSourceUnavailable'], badWhen: 1, mayBeEmpty: true },
    ),
    g.table(
      'Leaders from before the last restore',
      'Components whose leader is the same as when etcd went back.',
      [g.column('1000 * (max by (component) (kubevitals_control_plane_leases_acquire_timestamp_seconds{%(panel)s}) < on () group_left () max(kubevitals_stale_reads_rewind_timestamp_seconds{%(panel)s}))' % c, 'Leader since', 'dateTimeAsIso')],
      { alerts: ['KubeVitalsControllerStaleAfterRestore'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Findings of others',
      'Failed comparisons of caches with etcd by the API servers, and syncs that controllers skip for a stale cache.',
      'ops',
      [
        g.target('sum by (resource) (rate(apiserver_storage_consistency_checks_total{%(apiserverSelector)s, %(by)s="$cluster", status="failure"}[$__rate_interval]))' % c, '{{resource}} differs'),
        g.target('sum(rate(replicaset_controller_stale_sync_skips_total{%(controllerManagerSelector)s, %(by)s="$cluster"}[$__rate_interval]))' % c, 'replica sets skipped'),
        g.target('sum(rate(horizontal_pod_autoscaler_controller_stale_sync_skips_total{%(controllerManagerSelector)s, %(by)s="$cluster"}[$__rate_interval]))' % c, 'autoscalers skipped'),
      ],
      { alerts: ['KubeVitalsAPIServerCacheInconsistent', 'KubeVitalsControllerSkipsStale'], mayBeEmpty: true },
    ),
  ],
}
