// The controller manager or the scheduler is down. Their Leases tell, so that it
// works where they cannot be reached; a component without a Lease is not judged.
local g = import '../../dashboards/grafana.libsonnet';

local why = import '../causes.libsonnet';
local leases = import '../leases.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local stale(component) = |||
    (
      min by (%(by)s, component) (
        timestamp(kubevitals_control_plane_leases_renew_timestamp_seconds{%(selector)s, component="%(component)s"})
          - kubevitals_control_plane_leases_renew_timestamp_seconds{%(selector)s, component="%(component)s"}
      )
      > %(controlPlaneLeaseStaleSeconds)s
      or
      max by (%(by)s, component) (kubevitals_control_plane_leases_held{%(selector)s, component="%(component)s"}) == 0
    )
    unless on (%(by)s)
    %(nothingWritten)s
  ||| % (c { component: component, nothingWritten: leases(c).nothingWritten }),

  name: 'control_plane_leases',
  area: 'control-plane',
  alerts: [
    {
      alert: 'KubeVitalsNothingWritten',
      severity: 'critical',
      expr: leases(c).allStopped + '\n',
      // Not before those that explain it.
      'for': '3m',
      summary: 'No Lease of the cluster is renewed any more: nothing can be written. Look at API server and etcd.',
      explainedBy: why.ofCluster(['KubeVitalsAPIServerAllDown', 'KubeVitalsAPIServerReadsFailing', 'KubeVitalsAPIServerWritesFailing', 'KubeVitalsEtcdNoLeader', 'KubeVitalsEtcdAlarm']),
      description: 'Nothing seems to have been written in cluster %(cluster)s for {{ $value | humanizeDuration }}: no Lease was renewed, of nodes and of the control plane alike. Look at API server and etcd. Kubelets and controllers that seem silent need not be dead.',
    },
    {
      alert: 'KubeVitalsControllerManagerDown',
      severity: 'critical',
      expr: stale('kube-controller-manager'),
      'for': '1m',
      summary: 'No controller manager leads: nothing is replaced, scaled or evicted any more.',
      explainedBy: why.nothingWritten,
      description: 'No kube-controller-manager of cluster %(cluster)s holds or renews its Lease. Deployments, Jobs, Services and autoscalers stand still, and dead nodes are not noticed.',
    },
    {
      alert: 'KubeVitalsSchedulerDown',
      severity: 'critical',
      expr: stale('kube-scheduler'),
      'for': '1m',
      summary: 'No scheduler leads: new pods stay Pending.',
      explainedBy: why.nothingWritten,
      description: 'No kube-scheduler of cluster %(cluster)s holds or renews its Lease. What runs goes on running; new pods stay Pending.',
    },
    {
      alert: 'KubeVitalsCloudControllerManagerDown',
      severity: 'warning',
      // Where it was removed its Lease is left behind.
      expr: |||
        (
          %(stale)s
        )
        unless on (%(by)s)
        time() - max by (%(by)s) (kubevitals_control_plane_leases_renew_timestamp_seconds{%(selector)s, component="cloud-controller-manager"}) > %(cloudControllerManagerLeaseDays)s * 86400
      ||| % (c { stale: promql.indent(stale('cloud-controller-manager')) }),
      'for': '5m',
      summary: 'No cloud controller manager leads: load balancers, routes and new nodes are not set up.',
      explainedBy: why.nothingWritten,
      description: 'No cloud-controller-manager of cluster %(cluster)s holds or renews its Lease: new nodes keep their taint uninitialized, and load balancers do not change.',
    },
    {
      alert: 'KubeVitalsLeaderChanges',
      severity: 'warning',
      expr: |||
        max by (%(by)s, component) (increase(kubevitals_control_plane_leases_transitions_total{%(selector)s}[1h])) > %(controlPlaneLeaderChanges)s
      ||| % c,
      'for': '10m',
      summary: 'The leader of a control plane component keeps changing.',
      explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsEtcdSlow'], { inhibits: false }),
      description: 'The Lease of {{ $labels.component }} in cluster %(cluster)s went from one holder to another {{ $value | humanize }} times within an hour: its instances crash, or cannot renew in time because API server or etcd are slow.',
    },
  ],
  panels: [
    g.timeseries(
      'Newest renewal of any Lease',
      'Time since any Lease of nodes or of the control plane was renewed; while nothing can be written it grows.',
      's',
      [g.target('time() - max(kubevitals_control_plane_leases_newest_change_timestamp_seconds{%(panel)s})' % c, 'newest renewal')],
      { alerts: ['KubeVitalsNothingWritten'], threshold: c.leasesStoppedSeconds },
    ),
    g.timeseries(
      'Leases renewed together',
      'Leases that were last renewed within the 20 s before the newest renewal of all.',
      'short',
      [g.target('max(kubevitals_control_plane_leases_renewed_together{%(panel)s})' % c, 'Leases')],
      { alerts: ['KubeVitalsNothingWritten'] },
    ),
    g.timeseries(
      'Leader Leases renewed',
      'Time since the leader of each component last renewed its Lease.',
      's',
      [g.target('time() - max by (component) (kubevitals_control_plane_leases_renew_timestamp_seconds{%(panel)s})' % c, '{{component}}')],
      {
        alerts: ['KubeVitalsControllerManagerDown', 'KubeVitalsSchedulerDown', 'KubeVitalsCloudControllerManagerDown'],
        threshold: c.controlPlaneLeaseStaleSeconds,
      },
    ),
    g.stateTimeline(
      'Leader Leases held',
      'Whether the Lease of each component names a holder.',
      [g.target('max by (component) (kubevitals_control_plane_leases_held{%(panel)s})' % c, '{{component}}')],
      { alerts: ['KubeVitalsControllerManagerDown', 'KubeVitalsSchedulerDown', 'KubeVitalsCloudControllerManagerDown'] },
    ),
    g.timeseries(
      'Leader changes',
      'How often the Lease of each component went from one holder to another.',
      'short',
      [g.target('max by (component) (increase(kubevitals_control_plane_leases_transitions_total{%(panel)s}[$__rate_interval]))' % c, '{{component}}')],
      { alerts: ['KubeVitalsLeaderChanges'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Leader since',
      'Time for which the present leader of each component has led, and the time after which another may take over.',
      's',
      [
        g.target('time() - max by (component) (kubevitals_control_plane_leases_acquire_timestamp_seconds{%(panel)s})' % c, '{{component}}'),
        g.target('max by (component) (kubevitals_control_plane_leases_duration_seconds{%(panel)s})' % c, '{{component}} may be taken over after'),
      ],
    ),
  ],
}
