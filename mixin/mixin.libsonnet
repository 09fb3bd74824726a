// The Prometheus rules and Grafana dashboards of kubevitals. Override _config:
//
//   (import 'github.com/kubevitals/kubevitals/mixin/mixin.libsonnet') + {
//     _config+:: { clusterLabel: 'k8s_cluster', showMultiCluster: true },
//   }
(import 'config.libsonnet')
+ (import 'signals.libsonnet')
+ (import 'alerts.libsonnet')
+ (import '../dashboards/dashboards.libsonnet')
