// What explains an alert: others that, while they fire with the same values of some
// labels, have brought it about. Each alert names them in explainedBy; the whole is a
// graph without circles, from which come what Alertmanager inhibits, the incidents of
// check and of the status page, and docs/causes.md.
{
  // Alerts that explain one with the same values of labels, beside that of the cluster.
  // More may hold
  //   when      matchers of the labels of the cause
  //   where     matchers of the labels of what it explains
  //   inhibits  false where the cause may have been told of long before what follows from
  //             it, or does not account for all that the other may tell of: then both are
  //             told, and are one incident all the same.
  // Matchers are regular expressions of whole values by label.
  on(labels, alerts, more={}):: [{ alert: a, on: labels, when: {}, where: {}, inhibits: true } + more for a in alerts],

  // Of clusters, whose objects bear no label in common with what they explain.
  ofCluster(alerts, more={}):: self.on([], alerts, more),

  // Nothing can be written, so that no Lease is renewed and no status posted.
  nothingWritten:: self.ofCluster([
    'KubeVitalsAPIServerAllDown',
    'KubeVitalsAPIServerReadsFailing',
    'KubeVitalsAPIServerWritesFailing',
    'KubeVitalsEtcdNoLeader',
    'KubeVitalsNothingWritten',
  ]) + self.ofCluster(['KubeVitalsEtcdAlarm'], { when: { state: 'nospace' } }),

  // Nothing can be read.
  nothingRead:: self.ofCluster(['KubeVitalsAPIServerAllDown', 'KubeVitalsAPIServerReadsFailing', 'KubeVitalsEtcdNoLeader']),

  // The node is lost, or known to be away.
  lostNode:: self.on(['node'], ['KubeVitalsNodeNotReady', 'KubeVitalsNodeLeaseStale'])
             + self.on(['node'], ['KubeVitalsCordonedNodeNotReady', 'KubeVitalsNodeMachineGone']),

  // The network of a node, or between all of them, fails.
  cutOff:: self.on(['node'], ['KubeVitalsNodeCutOff']) + self.ofCluster(['KubeVitalsZonesCutOff', 'KubeVitalsNetworkFailing']),

  // The container runtime of a node is of no use.
  noRuntime:: self.on(['node'], ['KubeVitalsContainerRuntimeHung', 'KubeVitalsContainerRuntimeDown']),

  // The resource metrics API has nobody behind it.
  noMetricsServer:: self.ofCluster(['KubeVitalsAutoscalingMetricsAPIUnavailable', 'KubeVitalsMetricsAPIUnavailable'], { when: { api: 'resource' } })
                    + self.ofCluster(['KubeVitalsAddonDown'], { when: { addon: 'metrics-server' } }),

  // Names are resolved for no one.
  noDNS:: self.ofCluster(['KubeVitalsDNSNoEndpoints', 'KubeVitalsDNSDown'])
          + self.ofCluster(['KubeVitalsAddonDown'], { when: { addon: 'dns' } }),

  // The same of the addon itself, which is told of by what it is for.
  noDNSOf:: self.ofCluster(['KubeVitalsDNSNoEndpoints', 'KubeVitalsDNSDown'], { where: { addon: 'dns' } }),
  noMetricsOf:: self.ofCluster(['KubeVitalsAutoscalingMetricsAPIUnavailable', 'KubeVitalsMetricsAPIUnavailable'], { when: { api: 'resource' }, where: { addon: 'metrics-server' } }),
}
