{
  _config+:: {
    // Home of the project; runbook links begin with it.
    home: 'https://github.com/kubevitals/kubevitals',
    // Selects the series of kubevitals; its Service and scrape job have this name.
    selector: 'job="kubevitals"',
    // Label that tells clusters apart in a Prometheus that holds several.
    clusterLabel: 'cluster',
    // Whether dashboards offer a choice of clusters.
    showMultiCluster: false,
    // Where an alert's runbook is; %s is the name of the alert.
    runbookURLPattern: self.home + '/blob/main/mixin/runbooks/%s.md',
    // Address of Grafana in front of dashboard links; empty gives links relative to it.
    grafanaURL: '',
    // Tags of all dashboards.
    dashboardTags: ['kubevitals'],

    // Share of kubelets that may be unreadable before it is called blindness: single nodes come and go.
    kubeletBlindRatio: 0.1,

    // Seconds a read or write of one small object may take; etcd's own limit for a slow request is 0.1 s, so 1 s is trouble.
    apiserverSlowSeconds: 1,
    // Days before the API server's certificate expires at which there is time to renew it in working hours.
    apiserverCertificateWarningDays: 14,
    // Days before the API server's certificate expires at which somebody must get up.
    apiserverCertificateCriticalDays: 2,
    // Age in seconds of an identity Lease that is renewed every 10 s; a leader change of etcd takes less.
    apiserverLeaseStaleSeconds: 60,

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
  },
}
