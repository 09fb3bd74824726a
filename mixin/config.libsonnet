{
  _config+:: {
    // All settings are below one key, so that they meet none of another mixin.
    kubevitals+: {
      // Home of the project; runbook links begin with it.
      home: 'https://github.com/kubevitals/kubevitals',
      // Selects the series of kubevitals; its Service and scrape job have this name.
      selector: 'job="kubevitals"',
      // Selects the series of the agents on nodes (--scope=node).
      nodeSelector: 'job="kubevitals-node"',
      // Selects the series of CoreDNS itself.
      corednsSelector: 'job="coredns"',
      // Selects the series of kube-proxy itself.
      kubeProxySelector: 'job="kube-proxy"',
      // Selects the series of API servers, where Prometheus scrapes them itself.
      apiserverSelector: 'job="apiserver"',
      // Selects the series of controller managers, where Prometheus scrapes them itself.
      controllerManagerSelector: 'job="kube-controller-manager"',
      // Selects the kubelets' own metrics; kube-prometheus calls the job so.
      kubeletSelector: 'job="kubelet"',
      // Label of those that has the name of the node; without relabelling it is instance.
      kubeletNodeLabel: 'node',
      // Label that tells clusters apart in a Prometheus that holds several.
      clusterLabel: 'cluster',
      // Whether dashboards offer a choice of clusters.
      showMultiCluster: false,
      // Where an alert's runbook is; %s is the name of the alert.
      runbookURLPattern: self.home + '/blob/main/mixin/runbooks/%s.md',
      // Whether links to runbooks carry the labels of the alert. The pages of kubevitals, at /runbooks/%s, fill them into the commands; elsewhere they only make the links of one group differ.
      runbookURLLabels: std.endsWith(self.runbookURLPattern, '/runbooks/%s'),
      // Address of Grafana in front of dashboard links; empty gives links relative to it.
      grafanaURL: '',
      // Tags of all dashboards.
      dashboardTags: ['kubevitals'],

      // Signals that are not wanted, by name: they get no alerts and no panels.
      disabledSignals: [],
      // Alerts that are not wanted, by name; their panels stay. Those that give way to a disabled alert still do.
      disabledAlerts: [],
      // For how long the condition of an alert must hold before it fires, by name of the alert, such as {KubeVitalsNodeNotReady: '10m'}; others keep their own.
      alertFor: {},
      // For how long an alert goes on firing when its condition is over, by name of the alert, such as {KubeVitalsNodesNotReady: '10m'}; others keep their own.
      alertKeepFiringFor: {},
      // Nodes or other objects with the same trouble above which one alert tells of all together, with objects="many"; 0 tells of each, however many they are. Nobody reads more tickets of one cause than fit on a page.
      manyObjects: 10,
      // The same for namespaces and autoscalers, which belong to those who run programs in the cluster: each team wants its own.
      manyOwnedObjects: 50,
      // Minutes for which alerts keep quiet that an outage of the control plane explains, when it has ended: a kubelet starts a component that crashed again after 5 minutes at the latest. Whatever is still so then is told of. 0 tells of it at once.
      afterEffectMinutes: 5,
      // How often the rules of signals are evaluated that look at each node or autoscaler and wait for minutes; the others are as often as Prometheus' own setting says.
      slowInterval: '1m',

      // Share of kubelets of which something may be unreadable before it is called blindness: single nodes come and go.
      kubeletBlindRatio: 0.1,
      // Seconds by which the last proof of a source may be older than kubevitals itself allows; clocks of machines differ by less.
      sourceStaleSlackSeconds: 60,

      // Seconds a read or write of one small object may take; etcd's own limit for a slow request is 0.1 s, so 1 s is trouble.
      apiserverSlowSeconds: 1,
      // Days before the API server's certificate expires at which there is time to renew it in working hours.
      apiserverCertificateWarningDays: 14,
      // Days before the API server's certificate expires at which the on-call must get up.
      apiserverCertificateCriticalDays: 2,
      // Age in seconds of an identity Lease that is renewed every 10 s; a leader change of etcd takes less.
      apiserverLeaseStaleSeconds: 60,
      // Requests a second of one priority level that API servers may refuse; a burst costs some, and clients try again.
      apiserverRejectedPerSecond: 0.2,
      // Seconds that the slowest hundredth of the requests of a priority level may wait; most wait for none, and one minute ends in a refusal.
      apiserverQueueSeconds: 1,

      // Share of etcd's quota that its database fills: time to compact and defragment, or to raise the quota, before writes stop.
      etcdQuotaRatio: 0.8,
      // Hours ahead for which the growth of etcd's database is predicted: enough to act on the next working day.
      etcdPredictHours: 24,
      // Share of the quota below which no prediction is made: small databases grow in steps.
      etcdPredictAboveRatio: 0.5,
      // Size of etcd's database where its quota is not known: four fifths of etcd's default quota of 2 GiB. It counts while the database grows beyond that quota, and four times as much always.
      etcdLargeBytes: 1717986918,
      // Seconds of the slowest hundredth of requests to etcd; etcd itself calls 0.1 s slow, and half a second is felt by every client.
      etcdSlowSeconds: 0.5,
      // Share of requests to etcd that may fail; a change of leader fails a few, for seconds.
      etcdErrorRatio: 0.01,

      // ConfigMaps and Secrets watched by one kubelet: ten connections of 100 streams each.
      watchStreamsObjectsPerNode: 1000,
      // Per-object watches on one API server; each costs it some tens of kilobytes.
      watchStreamsPerServer: 50000,

      // Series of a kubelet's own metrics; a busy healthy one has 2,000 to 8,000.
      cardinalityKubeletSeries: 25000,
      // Series of an API server's own metrics; 100,000 to 200,000 are usual in large clusters.
      cardinalityAPIServerSeries: 400000,
      // Series of reflectors and informers; they are bounded by the kinds of objects, so thousands are a leak.
      cardinalityInformerSeries: 5000,
      // Growth of a component's series within a day that is no longer explained by new pods.
      cardinalityGrowthFactor: 2,
      // Series below which growth does not matter.
      cardinalityGrowthMinimum: 5000,
      // Resident bytes at which a leaking kubelet endangers its node; the guide's case had 2.4 GB.
      cardinalityLeakBytes: 2e9,

      // Share of a filesystem that is left before the kubelet evicts pods.
      nodeDiskHeadroomRatio: 0.05,
      // Hours ahead for which the filling of a disk is predicted: time enough to act before the night is over.
      nodeDiskPredictHours: 6,
      // Share of a filesystem left above which no prediction is made.
      nodeDiskPredictBelow: 0.25,

      // Share of the nodes that are not ready, or have the same trouble, at which the on-call must get up: the others seldom have room for more.
      manyNodesRatio: 0.25,
      // Nodes that this share must be at least: in a small cluster one node is a quarter.
      manyNodesMinimum: 2,
      // A smaller share at which they are many, too: at three of ten to thirty nodes chance is no longer likely.
      manyNodesLargeRatio: 0.1,
      // Nodes that the smaller share must be at least: in a cluster of ten one node is a tenth, and dies alone.
      manyNodesLargeMinimum: 3,
      // Nodes that are many whatever their share: 1 % of 5,000 is a rack or a pool.
      manyNodesCount: 50,
      // Seconds until a node that is not ready is worth a look: a reboot or an upgrade takes less, and node repair of the clouds waits as long.
      nodeNotReadySeconds: 600,
      // The network of a node that joins takes a while to be set up: routes of clouds a minute or two.
      nodeNetworkUnavailableSeconds: 300,
      // A server that is started again is away for as long as its probe takes to succeed: half a minute of most.
      aggregatedAPISeconds: 60,
      // Causes that keep a cordoned node from being warned of, as under maintenance; it is told of at info. Of the others a host that does not answer proves that the machine is gone.
      nodeNotReadyCordonedCauses: 'disk|memory|pid|runtime_down|kubelet_setup|pleg_stuck|network_plugin_missing|shutting_down|kubelet_dead|kubelet_hung|kubelet_cut_off|silent|unknown',
      // Seconds until a node whose machine is gone should be gone, too; autoscalers and drains remove it within minutes.
      nodeMachineGoneSeconds: 3600,
      // Conditions of nodes that tell no problem: membership in etcd (k3s, RKE2); Kubernetes' own of planned shutdown, drain and maintenance; maintenance that Azure has planned (AKS); use of what containerd will remove (GKE), or none of it (k0s).
      nodeConditionsIgnored: 'EtcdIsVoter|GracefulNodeShutdownInProgress|DrainInProgress|Drained|MaintenancePlanned|MaintenanceInProgress|VMEventScheduled|(Freeze|Reboot|Redeploy|Preempt|Terminate)Scheduled|Deprecated(Auths|Configs|Mirrors)FieldInContainerdConfiguration|Deprecated(OtherContainerdFeatures|PullingSchemaV1Image|UsingV1Alpha2Cri)|ContainerdHasNoDeprecations',
      // Conditions of nodes for which True is good and False a problem; for all others, and those with Not before that word, it is the reverse, as the Node Problem Detector has it.
      nodeConditionsGood: '.*([^t]|[^o]t|[^N]ot)(Ready|Healthy|OK|Ok|Valid|Synced|Succeeded|Configured|Installed|Initialized)',
      // Age in seconds of a condition that its setter no longer confirms; the Node Problem Detector does every 300 s.
      nodeConditionStaleSeconds: 1800,
      // Seconds since a kubelet listed its containers; it does every second, and 180 s end the node's readiness.
      nodePLEGSeconds: 60,
      // Seconds that a node may be ready and still have a start-up taint: agents of networks and drivers take it away within a minute or two, once their images are pulled.
      nodeStartupTaintSeconds: 600,
      // Seconds that a node may be cordoned before it is said that somebody may have forgotten it: a day's work is over.
      nodeCordonedSeconds: 86400,
      // Times within an hour that a node may take the status of not being ready: an upgrade with reboots makes two or three.
      nodeFlapsInHour: 4,
      // Seconds after the last of these times for which events that tell of them count: one that has been ready since is well again.
      nodeFlapsQuietSeconds: 900,
      // Evicted pods of one node that are still listed: a shortage that was short costs one or two, or a handful.
      nodeEvictedPods: 10,
      // Seconds after the last eviction of a node for which they are told of: whoever looks after a bad night should see them.
      nodeEvictedSeconds: 86400,
      // Days that the certificate of a kubelet may be valid for and not be renewed: of a year a tenth would be left, and clusters that issue certificates for a day set less.
      kubeletCertificateWarningDays: 7,
      // Days before the certificate of a member of etcd expires at which there is time to renew it in working hours.
      etcdCertificateWarningDays: 14,
      // Days before the last certificate of a caBundle expires at which its controller should have renewed it: of a year most do weeks before.
      caBundleWarningDays: 7,
      // Names of objects whose caBundle is valid for a week and renewed on the last day, as the library of Knative does it: that these end soon says nothing.
      caBundlesOfAWeek: '.*(knative|tekton|sigstore).*',
      // Seconds that a request for a certificate of a kubelet may wait: the controller manager or an approver takes seconds, and a person is asked within a working hour.
      certificateRequestSeconds: 3600,
      // A kubelet whose request was refused makes another within minutes, unless that was the last of its attempts.
      certificateRefusedSeconds: 900,
      // Seconds by which the clock of a node may differ from those of the others; from about 15 s it can be measured.
      nodeClockOffsetSeconds: 30,

      // Starts of a kubelet within an hour that are a loop; an upgrade makes one or two, a change of its configuration one more.
      kubeletRestartsInHour: 5,
      // Seconds without a start after which a loop is over, though its events are still held.
      kubeletRestartsQuietSeconds: 900,
      // Seconds until a DNS server has answered; a name of the cluster takes milliseconds, and resolvers ask again after 5 s.
      dnsSlowSeconds: 1,
      // Share of CoreDNS' answers that are failures; single domains of others that are broken make up less.
      dnsServfailRatio: 0.05,
      // Share of the DNS servers that fail at which the on-call must get up: one in four lookups fails, and resolvers ask again. Of four servers one is enough.
      dnsFailingServersRatio: 0.25,

      // Times that a container of an addon may be started again before it is said to keep restarting; reboots and upgrades of a node make some.
      addonRestarts: 5,
      // The same by the hour since its pod was started: one in two hours keeps no leader and no connection for long.
      addonRestartsPerHour: 0.5,
      // One that ran for less than this before it ended, and ended just now, keeps restarting, however old its pod is.
      addonShortRunSeconds: 3600,
      // As long as a kubelet takes to forget that a container crashed.
      addonJustEndedSeconds: 600,
      // A pod of a rolling update is not ready for a moment, one after the other.
      addonNotReadySeconds: 300,

      // Seconds that kube-proxy may be behind its last change; it calls itself unhealthy after twice its period of 30 s.
      kubeProxySyncSeconds: 60,

      // Age in seconds of a line in a log that still tells of the present; components that fail repeat themselves, and crashes are at most 5 minutes apart.
      componentLogsFreshSeconds: 900,

      // Age in seconds of a leader's Lease that is renewed every 2 s and may be taken over after 15 s; clocks may differ by half a minute.
      controlPlaneLeaseStaleSeconds: 60,
      // Age in seconds of the newest renewal of all Leases at which nothing can be written; kubelets renew every 10 s and leaders every 2 s.
      leasesStoppedSeconds: 60,
      // Days after which a Lease of a cloud controller manager is left over: what renewed it was removed on purpose.
      cloudControllerManagerLeaseDays: 7,
      // Changes of leader within an hour; an upgrade of three instances makes two or three.
      controlPlaneLeaderChanges: 4,

      // Seconds after the end of its grace period at which a pod is stuck; the kubelet needs some to unmount volumes.
      terminatingPodsSeconds: 300,
      // Seconds after which a finalizer is not being worked on any more; controllers may wait for slow clouds.
      terminatingPodsFinalizerSeconds: 1800,

      // Seconds until a scheduler has looked at every new pod; it takes milliseconds, and a new leader 15 s.
      pendingNoSchedulerSeconds: 60,
      // Seconds that pods may wait for a node: time enough for a cluster autoscaler to bring one.
      pendingUnschedulableSeconds: 900,
      // Seconds that pods of a negative priority may wait for a node: they are meant to give way, through a working hour.
      pendingLowPrioritySeconds: 3600,
      // Seconds until a kubelet has made a pod's sandbox and network.
      pendingOnNodeSeconds: 300,
      // Seconds that init containers may run: migrations take long, and one that waits for what never comes does not say so.
      pendingInitSeconds: 3600,
      // Seconds until a volume is attached and mounted; clouds take minutes to move one from a dead node.
      pendingVolumeSeconds: 600,
      // Seconds until an image is pulled or a container set up; a fault that one retry mends is not worth a call.
      pendingImageSeconds: 900,

      // Age in seconds of the figures of the resource metrics API; metrics-server reads kubelets every 15 s to 60 s.
      metricsAPIStaleSeconds: 300,

      // Seconds for which the latest warning of a node counts as news; kubelets repeat what lasts every 5 minutes or more often.
      eventsFreshSeconds: 600,
      // Seconds without a word of failing garbage collection after which it works again; a kubelet tries every 300 s.
      eventsGarbageCollectionSeconds: 360,
      // Evictions within 15 minutes; single ones are how a node protects itself.
      eventsEvictions: 10,
      // Evictions for each node within 15 minutes that must be exceeded, too: large clusters always have some node that is short.
      eventsEvictionsPerNode: 0.02,
      // Updates of autoscalers that fail for outdated versions within 15 minutes; one now and then is normal.
      eventsUpdateConflicts: 20,
      // The same for each autoscaler, which must be exceeded, too: each is updated up to 60 times in that time.
      eventsUpdateConflictsPerAutoscaler: 0.2,

      // Causes of refused pods that are no trouble of their own: their namespace is being deleted.
      podCreationIgnoredCauses: 'namespace_terminating',
      // Seconds for which a refused pod counts at least: an owner tries again within seconds at first, and one that gets its pods then is no trouble.
      podCreationFreshSeconds: 45,
      // Seconds for which a refused pod counts at most: an owner tries again after twice the time before, and after 1,000 s at the latest.
      podCreationRetrySeconds: 1200,
      // Seconds that the slowest hundredth of the calls of an admission webhook may take: every request that it looks at takes as long, and 10 s is where they are given up.
      admissionWebhookSlowSeconds: 1,
      // Calls of an admission webhook in 10 minutes that may fail; one that restarts fails some.
      admissionWebhookFailures: 5,
      // APIServices that alerts of their own are about: a failure has one.
      aggregatedAPIsElsewhere: '.+[.](custom[.]|external[.])?metrics[.]k8s[.]io',
      // Seconds since a namespace was deleted after which it counts as stuck while the API server refuses or cannot tell what is in it: an error, and no slow work.
      terminatingNamespaceErrorSeconds: 60,
      // Seconds since a namespace was deleted after which it counts as stuck whatever holds it; pods with long grace periods and volumes take minutes.
      terminatingNamespaceSeconds: 900,

      // Share of the autoscalers that cannot read resource metrics, at which the on-call must get up: load finds no replicas. A stray one is its owner's.
      autoscalingBlindRatio: 0.25,
      // Autoscalers that are many whatever their share.
      autoscalingBlindCount: 20,

      // Seconds for which a rewind of etcd stays on the page after versions have passed the mark: time alone mends nothing.
      staleReadsHoldSeconds: 3600,
      // Days after a rewind of etcd in which a leader from before is still news.
      staleReadsRememberDays: 7,
      // Seconds that a cache may lack a write; events take milliseconds, and a relist of a large cluster some seconds.
      staleReadsLagSeconds: 30,
      // Syncs a second that controllers of one kind skip for a stale cache; single ones happen with every burst of writes.
      staleReadsSkipsPerSecond: 0.2,

      // Share of a node's connection tracking table that may be full; at 1 new connections are dropped, and a burst fills a tenth within a minute.
      conntrackRatio: 0.9,
      // Packets a second that a node loses because its table is full; the odd one is lost to a burst that is over.
      conntrackDropsPerSecond: 0.1,
      // Regular expression of the names of nodes that need no agent; by default those that Fargate and virtual kubelets give. Nodes that say that they run Windows need none anyway.
      nodesWithoutAgentIgnored: 'fargate-.+|virtual-node-.+|virtual-kubelet.*',

      // Share of a user's inotify watches or instances in use at which there is time to raise the limit or to stop who holds them.
      inotifyUsedRatio: 0.85,
      // Share at which some caller is refused already: one wants many watches at once, and the kernel refuses the last of them.
      inotifyExhaustedRatio: 0.98,

      // Share of the cgroups that the kernel can have; at the end of them no container starts, and a leak of months leaves weeks from here.
      cgroupsUsedRatio: 0.8,
      // Folders of pods and scopes without a process; pods that end leave some for a minute.
      cgroupsEmptyMinimum: 200,
      // Removed cgroups that the kernel still holds; page cache keeps some thousands alive on a healthy node with many jobs.
      cgroupsDyingMinimum: 5000,
      // Growth of either in an hour, over six hours, that is a leak and no wave.
      cgroupsGrowthPerHour: 20,

      // Share of a disk left, in bytes or inodes, while the kubelet says nothing of it; by default it would evict pods at 10 % and 5 %.
      filesystemFreeRatio: 0.05,

      // Causes of nodes not being ready that explain why they do not answer; the node is told of there.
      connectivityKnownDown: 'machine_gone|kubelet_dead|unreachable',
      // Share of a node's paths of one kind above which the node is the cause and not its peers: of three nodes, one that is cut off fails half the paths of the other two.
      connectivityNodeRatio: 0.5,
      // Failing paths of one kind that a node must have before it can be the cause: one path has two ends.
      connectivityNodePaths: 2,
      // Nodes that are causes at the same time, above which the network is told of and not each node.
      connectivityManyNodes: 3,
      // Share of the nodes from which the same holds in small clusters.
      connectivityManyRatio: 0.5,
      // Failing paths that no node explains, above which the network is told of and not each path.
      connectivityManyPaths: 20,
      // Share of the paths from one zone to another that fail before the zones count as partitioned: more than any node explains.
      connectivityZoneRatio: 0.8,
      // Nodes at either end of such paths that must be seen: in a zone of one node, the node is the cause.
      connectivityZoneNodes: 2,
    },
  },
}
