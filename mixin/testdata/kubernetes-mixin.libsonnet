// What kubernetes-mixin is made of, as far as another mixin can collide with it: the
// keys of its settings, and the names of its groups, alerts, recorded metrics and
// dashboards.
{
  local keys = ['SLOs', 'cadvisorSelector', 'clusterLabel', 'common_join_labels', 'containerfsSelector', 'daemonsets_join_labels', 'datasourceFilterRegex', 'datasourceName', 'deployments_join_labels', 'diskDeviceSelector', 'diskDevices', 'fstypeSelector', 'fstypes', 'grafana72', 'grafanaDashboardIDs', 'grafanaIntervalVar', 'grafanaK8s', 'horizontalpodautoscalers_join_labels', 'hostMountpointSelector', 'hostNetworkInterfaceSelector', 'jobs_join_labels', 'kubeApiserverSelector', 'kubeControllerManagerSelector', 'kubeJobTimeoutDuration', 'kubeProxySelector', 'kubeSchedulerSelector', 'kubeStateMetricsSelector', 'kubeletSelector', 'namespaceLabel', 'nodeExporterSelector', 'podLabel', 'pods_join_labels', 'pvExcludedSelector', 'runbookURLPattern', 'showMultiCluster', 'statefulsets_join_labels', 'tags', 'units', 'usePascalCaseForWorkloadTypeLabelValues', 'windowsExporterSelector'],

  _config+:: { [key]: 'kubernetes-mixin' for key in keys },
  prometheusAlerts+:: { groups+: [
    { name: name, rules: [{ alert: alert } for alert in alerts[name]] }
    for name in std.objectFields(alerts)
  ] },
  prometheusRules+:: { groups+: [
    { name: name, rules: [{ record: record } for record in rules[name]] }
    for name in std.objectFields(rules)
  ] },
  grafanaDashboards+:: { [file]: { title: file } for file in dashboards },

  local alerts = {
    'kubernetes-apps': ['KubePodCrashLooping', 'KubePodNotReady', 'KubeDeploymentGenerationMismatch', 'KubeDeploymentReplicasMismatch', 'KubeDeploymentRolloutStuck', 'KubeStatefulSetReplicasMismatch', 'KubeStatefulSetGenerationMismatch', 'KubeStatefulSetUpdateNotRolledOut', 'KubeDaemonSetRolloutStuck', 'KubeContainerWaiting', 'KubeDaemonSetNotScheduled', 'KubeDaemonSetMisScheduled', 'KubeJobNotCompleted', 'KubeJobFailed', 'KubeHpaReplicasMismatch', 'KubeHpaMaxedOut', 'KubePdbNotEnoughHealthyPods'],
    'kube-apiserver-slos': ['KubeAPIErrorBudgetBurn'],
    'kubernetes-system-apiserver': ['KubeClientCertificateExpiration', 'KubeAggregatedAPIErrors', 'KubeAggregatedAPIDown', 'KubeAPITerminatedRequests', 'KubeAPIDown', 'KubeAPIInstanceUnreachable'],
    'kubernetes-system-kubelet': ['KubeNodeNotReady', 'KubeNodePressure', 'KubeNodeUnreachable', 'KubeletTooManyPods', 'KubeNodeReadinessFlapping', 'KubeNodeEviction', 'KubeletPlegDurationHigh', 'KubeletPodStartUpLatencyHigh', 'KubeletClientCertificateExpiration', 'KubeletServerCertificateExpiration', 'KubeletClientCertificateRenewalErrors', 'KubeletServerCertificateRenewalErrors', 'KubeletDown'],
    'kubernetes-resources': ['KubeCPUOvercommit', 'KubeMemoryOvercommit', 'KubeCPUQuotaOvercommit', 'KubeMemoryQuotaOvercommit', 'KubeQuotaAlmostFull', 'KubeQuotaFullyUsed', 'KubeQuotaExceeded', 'CPUThrottlingHigh'],
    'kubernetes-storage': ['KubePersistentVolumeFillingUp', 'KubePersistentVolumeInodesFillingUp', 'KubePersistentVolumeErrors'],
    'kubernetes-system-controller-manager': ['KubeControllerManagerDown', 'KubeControllerManagerInstanceUnreachable'],
    'kubernetes-system-scheduler': ['KubeSchedulerDown', 'KubeSchedulerInstanceUnreachable'],
    'kubernetes-system-kube-proxy': ['KubeProxyDown', 'KubeProxyInstanceUnreachable'],
    'kubernetes-system': ['KubeVersionMismatch', 'KubeClientErrors'],
  },
  local rules = {
    'k8s.rules.container_cpu_usage_seconds_total': ['node_namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m', 'node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate'],
    'k8s.rules.container_memory_working_set_bytes': ['node_namespace_pod_container:container_memory_working_set_bytes'],
    'k8s.rules.container_memory_rss': ['node_namespace_pod_container:container_memory_rss'],
    'k8s.rules.container_memory_cache': ['node_namespace_pod_container:container_memory_cache'],
    'k8s.rules.container_memory_swap': ['node_namespace_pod_container:container_memory_swap'],
    'k8s.rules.container_memory_requests': ['cluster:namespace:pod_memory:active:kube_pod_container_resource_requests', 'namespace_memory:kube_pod_container_resource_requests:sum'],
    'k8s.rules.container_cpu_requests': ['cluster:namespace:pod_cpu:active:kube_pod_container_resource_requests', 'namespace_cpu:kube_pod_container_resource_requests:sum'],
    'k8s.rules.container_memory_limits': ['cluster:namespace:pod_memory:active:kube_pod_container_resource_limits', 'namespace_memory:kube_pod_container_resource_limits:sum'],
    'k8s.rules.container_cpu_limits': ['cluster:namespace:pod_cpu:active:kube_pod_container_resource_limits', 'namespace_cpu:kube_pod_container_resource_limits:sum'],
    'k8s.rules.pod_owner': ['namespace_workload_pod:kube_pod_owner:relabel'],
    'kube-apiserver-availability.rules': ['cluster_verb_scope_le:apiserver_request_sli_duration_seconds_bucket:increase1h', 'cluster_verb_scope:apiserver_request_sli_duration_seconds_count:increase1h', 'code_resource:apiserver_request_total:rate5m', 'code_verb:apiserver_request_total:increase1h'],
    'kube-apiserver-histogram.rules': ['cluster_quantile:apiserver_request_sli_duration_seconds:histogram_quantile'],
    'kubelet.rules': ['node_quantile:kubelet_pleg_relist_duration_seconds:histogram_quantile'],
    'node.rules': ['node_namespace_pod:kube_pod_info:', 'node:node_num_cpu:sum', ':node_memory_MemAvailable_bytes:sum', 'node:node_cpu_utilization:ratio_rate5m', 'cluster:node_cpu:ratio_rate5m'],
    'windows.node.rules': ['node:windows_node:sum', 'node:windows_node_num_cpu:sum', ':windows_node_cpu_utilisation:avg1m', 'node:windows_node_cpu_utilisation:avg1m', ':windows_node_memory_utilisation:', ':windows_node_memory_MemFreeCached_bytes:sum', 'node:windows_node_memory_totalCached_bytes:sum', ':windows_node_memory_MemTotal_bytes:sum', 'node:windows_node_memory_bytes_available:sum', 'node:windows_node_memory_bytes_total:sum', 'node:windows_node_memory_utilisation:ratio', 'node:windows_node_memory_utilisation:', 'node:windows_node_memory_swap_io_pages:irate', ':windows_node_disk_utilisation:avg_irate', 'node:windows_node_disk_utilisation:avg_irate', 'node:windows_node_filesystem_usage:', 'node:windows_node_filesystem_avail:', ':windows_node_net_utilisation:sum_irate', 'node:windows_node_net_utilisation:sum_irate', ':windows_node_net_saturation:sum_irate', 'node:windows_node_net_saturation:sum_irate'],
    'windows.pod.rules': ['windows_pod_container_available', 'windows_container_total_runtime', 'windows_container_memory_usage', 'windows_container_private_working_set_usage', 'windows_container_network_received_bytes_total', 'windows_container_network_transmitted_bytes_total', 'kube_pod_windows_container_resource_memory_request', 'kube_pod_windows_container_resource_memory_limit', 'kube_pod_windows_container_resource_cpu_cores_request', 'kube_pod_windows_container_resource_cpu_cores_limit', 'namespace_pod_container:windows_container_cpu_usage_seconds_total:sum_rate'],
  },
  local dashboards = ['apiserver.json', 'cluster-total.json', 'controller-manager.json', 'k8s-resources-cluster.json', 'k8s-resources-multicluster.json', 'k8s-resources-namespace.json', 'k8s-resources-node.json', 'k8s-resources-nodes-overview.json', 'k8s-resources-pod.json', 'k8s-resources-windows-cluster.json', 'k8s-resources-windows-namespace.json', 'k8s-resources-windows-pod.json', 'k8s-resources-workload.json', 'k8s-resources-workloads-namespace.json', 'k8s-windows-cluster-rsrc-use.json', 'k8s-windows-node-rsrc-use.json', 'kubelet.json', 'namespace-by-pod.json', 'namespace-by-workload.json', 'persistentvolumesusage.json', 'pod-total.json', 'proxy.json', 'scheduler.json', 'workload-total.json'],
}
