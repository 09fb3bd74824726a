// The signals, in the order of collectors.Catalogue. Each is a function of the
// settings, so that an override of _config reaches all of them.
{
  local settings = $._config.kubevitals,
  local context = settings {
    // Aggregation labels that every rule has: without the cluster label a rule
    // would mix clusters.
    by: self.clusterLabel,
    cluster: '{{ $labels.%s }}' % self.clusterLabel,
    // The same selector within dashboards.
    panel: '%s, %s="$cluster"' % [self.selector, self.clusterLabel],
    nodePanel: '%s, %s="$cluster"' % [self.nodeSelector, self.clusterLabel],
  },
  // Most signals read no metrics of others (foreign) and record nothing (rules).
  local all = [{ foreign: {}, rules: [] } + signal(context) for signal in [
    import 'signals/apiserver.libsonnet',
    import 'signals/stale_reads.libsonnet',
    import 'signals/etcd.libsonnet',
    import 'signals/watch_streams.libsonnet',
    import 'signals/metric_cardinality.libsonnet',
    import 'signals/autoscaling.libsonnet',
    import 'signals/node_readiness.libsonnet',
    import 'signals/node_degraded.libsonnet',
    import 'signals/certificates.libsonnet',
    import 'signals/node_clock.libsonnet',
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
    import 'signals/aggregated_api.libsonnet',
    import 'signals/terminating_namespaces.libsonnet',
    import 'signals/pod_creation.libsonnet',
    import 'signals/admission_webhooks.libsonnet',
    import 'signals/exporter.libsonnet',
  ]],

  // An unknown name is a mistake, which would go unnoticed otherwise.
  local known(setting, names, all) =
    local unknown = std.setDiff(std.set(names), std.set(all));
    if unknown == [] then true else error '%s: there is no %s' % [setting, std.join(', ', unknown)],
  local alerts = [a.alert for s in all for a in s.alerts],
  local wanted(alert) = !std.member(settings.disabledAlerts, alert),
  local enabled =
    assert known('disabledSignals', settings.disabledSignals, [s.name for s in all]);
    assert known('disabledAlerts', settings.disabledAlerts, alerts);
    assert known('explainedBy', [e.alert for s in all for a in s.alerts for e in std.get(a, 'explainedBy', [])], alerts);
    assert known('alertFor', std.objectFields(settings.alertFor), alerts);
    assert known('alertKeepFiringFor', std.objectFields(settings.alertKeepFiringFor), alerts);
    [
      s {
        alerts: [a for a in s.alerts if wanted(a.alert)],
        panels: [p { alerts: std.filter(wanted, super.alerts) } for p in s.panels],
      }
      for s in all
      if !std.member(settings.disabledSignals, s.name)
    ],

  // What is of no use outside of this mixin, below one key for the same reason as
  // the settings.
  _kubevitals+:: {
    context: context,
    signals: enabled,
    // The same for an area wherever it is computed, and whatever its file is called.
    dashboardUID(area):: std.md5('kubevitals-' + area),
  },
}
