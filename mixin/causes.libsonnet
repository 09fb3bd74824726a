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

  // The same edges, where what follows may have another reason as well.
  seldom(edges):: [e { inhibits: false } for e in edges],

  // Nothing can be written, so that no Lease is renewed and no status posted. An alarm of
  // etcd may be of one that holds events alone: that writes fail is told by others.
  nothingWritten:: self.ofCluster([
    'KubeVitalsAPIServerAllDown',
    'KubeVitalsAPIServerReadsFailing',
    'KubeVitalsAPIServerWritesFailing',
    'KubeVitalsEtcdNoLeader',
    'KubeVitalsNothingWritten',
  ]) + self.ofCluster(['KubeVitalsEtcdAlarm'], { inhibits: false }),

  // Outages of the whole cluster, of which much goes on for a while when they are over. They
  // explain what they do whatever node or object it is of.
  outages:: [e.alert for e in self.nothingWritten if e.inhibits],

  // Nothing can be read.
  nothingRead:: self.ofCluster(['KubeVitalsAPIServerAllDown', 'KubeVitalsAPIServerReadsFailing', 'KubeVitalsEtcdNoLeader']),

  // The node is lost, or known to be away.
  lostNode:: self.on(['node'], ['KubeVitalsNodeNotReady', 'KubeVitalsNodeLeaseStale'])
             + self.on(['node'], ['KubeVitalsCordonedNodeNotReady', 'KubeVitalsNodeMachineGone']),

  // The network of a node fails, or that between zones or all nodes, which does not say of which.
  cutOff:: self.on(['node'], ['KubeVitalsNodeCutOff'])
           + self.ofCluster(['KubeVitalsZonesCutOff'], { inhibits: false })
           + self.ofCluster(['KubeVitalsNetworkFailing'], { when: { fault: 'cut', network: 'node' }, inhibits: false }),

  // No container can be started, or looked at, on the node.
  noRuntime:: self.on(['node'], ['KubeVitalsContainerRuntimeHung', 'KubeVitalsContainerRuntimeDown']),

  // Nothing can be written to a disk of the node.
  noDisk:: self.on(['node'], ['KubeVitalsFilesystemDead', 'KubeVitalsFilesystemReadOnly']),

  // What a kubelet needs to be ready.
  noNode:: self.noRuntime
           + self.on(['node'], ['KubeVitalsContainerRuntimeNetworkNotReady', 'KubeVitalsFilesystemDead', 'KubeVitalsKubeletRestartLoop']),

  // The resource metrics API has nobody behind it.
  noMetricsServer:: self.ofCluster(['KubeVitalsAutoscalingMetricsAPIUnavailable', 'KubeVitalsMetricsAPIUnavailable'], { when: { api: 'resource' } }),

  // Nobody creates or attaches volumes of a driver, which need not be those that are waited for.
  noVolumes:: self.ofCluster(['KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: '(.+-)?csi-controller' }, inhibits: false }),

  // The API server, which is elsewhere, reaches nothing in the cluster.
  noTunnel:: self.ofCluster(['KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: 'konnectivity-agent' }, inhibits: false }),

  // Names are resolved for no one.
  noDNS:: self.ofCluster(['KubeVitalsDNSNoEndpoints', 'KubeVitalsDNSDown']),

  // Names from outside are not.
  noUpstream:: self.ofCluster(['KubeVitalsDNSForwardingFailing'], { where: { probe: 'external' } }),
}
