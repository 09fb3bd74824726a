// The Prometheus rules and Grafana dashboards of kubevitals. Override settings:
//
//   (import 'github.com/kubevitals/kubevitals/mixin/mixin.libsonnet') + {
//     _config+:: { kubevitals+: { clusterLabel: 'k8s_cluster', showMultiCluster: true } },
//   }
//
// It adds up with other mixins: of _config it has one key, and names of groups,
// alerts, recorded metrics and dashboards begin with kubevitals.
(import 'config.libsonnet')
+ (import 'signals.libsonnet')
+ (import 'alerts.libsonnet')
+ (import 'graph.libsonnet')
+ (import '../dashboards/dashboards.libsonnet')
