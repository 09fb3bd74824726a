// What node-mixin is made of, as far as another mixin can collide with it: the
// keys of its settings, and the names of its groups, alerts, recorded metrics and
// dashboards.
{
  local keys = ['clusterLabel', 'cpuHighUsageThreshold', 'dashboardNamePrefix', 'dashboardTags', 'diskDeviceSelector', 'diskIOSaturationThreshold', 'fsMountpointSelector', 'fsSelector', 'fsSpaceAvailableCriticalThreshold', 'fsSpaceAvailableWarningThreshold', 'fsSpaceFillingUpCriticalThreshold', 'fsSpaceFillingUpPredictionWindow', 'fsSpaceFillingUpWarningThreshold', 'memoryHighUtilizationThreshold', 'memoryMajorPagesFaultsThreshold', 'netDeviceSelector', 'nodeCriticalSeverity', 'nodeCriticalWindowHours', 'nodeExporterSelector', 'nodeWarningWindowHours', 'rateInterval', 'showMultiCluster', 'systemSaturationPerCoreThreshold'],

  _config+:: { [key]: 'node-mixin' for key in keys },
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
    'node-exporter': ['NodeFilesystemSpaceFillingUp', 'NodeFilesystemAlmostOutOfSpace', 'NodeFilesystemFilesFillingUp', 'NodeFilesystemAlmostOutOfFiles', 'NodeNetworkReceiveErrs', 'NodeNetworkTransmitErrs', 'NodeHighNumberConntrackEntriesUsed', 'NodeTextFileCollectorScrapeError', 'NodeClockSkewDetected', 'NodeClockNotSynchronising', 'NodeRAIDDegraded', 'NodeRAIDDiskFailure', 'NodeFileDescriptorLimit', 'NodeCPUHighUsage', 'NodeSystemSaturation', 'NodeMemoryMajorPagesFaults', 'NodeMemoryHighUtilization', 'NodeDiskIOSaturation', 'NodeSystemdServiceFailed', 'NodeSystemdServiceCrashlooping', 'NodeBondingDegraded'],
  },
  local rules = {
    'node-exporter.rules': ['instance:node_num_cpu:sum', 'instance:node_load1_per_cpu:ratio', 'instance:node_memory_utilisation:ratio'],
  },
  local dashboards = ['node-cluster-rsrc-use.json', 'node-multicluster-rsrc-use.json', 'node-rsrc-use.json', 'nodes-aix.json', 'nodes-darwin.json', 'nodes.json'],
}
