// The signals, in reading order. Each is a function of the configuration, so
// that an override of _config reaches all of them.
{
  local c = $._config {
    // Aggregation labels that every rule has: without the cluster label a rule
    // would mix clusters.
    by: self.clusterLabel,
    cluster: '{{ $labels.%s }}' % self.clusterLabel,
    // The same selector within dashboards.
    panel: '%s, %s=~"$cluster"' % [self.selector, self.clusterLabel],
    nodePanel: '%s, %s=~"$cluster"' % [self.nodeSelector, self.clusterLabel],
  },
  _signals:: [
    signal(c)
    for signal in [
      import 'signals/apiserver.libsonnet',
      import 'signals/stale_reads.libsonnet',
      import 'signals/etcd.libsonnet',
      import 'signals/watch_streams.libsonnet',
      import 'signals/metric_cardinality.libsonnet',
      import 'signals/autoscaling.libsonnet',
      import 'signals/node_readiness.libsonnet',
      import 'signals/kubelet_restarts.libsonnet',
      import 'signals/node_allocatable.libsonnet',
      import 'signals/node_disk.libsonnet',
      import 'signals/dns.libsonnet',
      import 'signals/addon_health.libsonnet',
      import 'signals/component_logs.libsonnet',
      import 'signals/control_plane_leases.libsonnet',
      import 'signals/terminating_pods.libsonnet',
      import 'signals/pending_pods.libsonnet',
      import 'signals/metrics_api.libsonnet',
      import 'signals/events.libsonnet',
      import 'signals/conntrack.libsonnet',
      import 'signals/container_runtime.libsonnet',
      import 'signals/kube_proxy.libsonnet',
      import 'signals/node_dns.libsonnet',
      import 'signals/node_apiserver.libsonnet',
      import 'signals/inotify.libsonnet',
      import 'signals/cgroups.libsonnet',
      import 'signals/filesystem.libsonnet',
      import 'signals/connectivity.libsonnet',
      import 'signals/exporter.libsonnet',
    ]
  ],
}
