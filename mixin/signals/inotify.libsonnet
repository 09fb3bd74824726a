// A user of a node has no inotify watches or instances left.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local share(resource) = |||
    max by (%(by)s, node, uid) (kubevitals_inotify_used{%(nodeSelector)s, resource="%(resource)s"})
      / on (%(by)s, node) group_left ()
      (max by (%(by)s, node) (kubevitals_inotify_limit{%(nodeSelector)s, resource="%(resource)s"}) > 0)
  ||| % (c { resource: resource }),
  local near(resource) = {
    severity: 'warning',
    expr: |||
      (
        %(share)s
      ) > %(inotifyUsedRatio)g
    ||| % (c { share: promql.indent(share(resource)) }),
    'for': '15m',
  },

  name: 'inotify',
  area: 'node-agents',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsInotifyExhausted',
      each: 'node',
      severity: 'warning',
      fault: 'inotify_exhausted',
      // Only root: the kubelet, the container runtime and most containers run as it.
      expr: |||
        max by (%(by)s, node, resource) (kubevitals_inotify_used{%(nodeSelector)s, uid="0"})
          / on (%(by)s, node, resource)
          (max by (%(by)s, node, resource) (kubevitals_inotify_limit{%(nodeSelector)s}) > 0)
        > %(inotifyExhaustedRatio)g
      ||| % c,
      'for': '5m',
      summary: 'Root has no inotify watches or instances left on a node.',
      description: 'On node {{ $labels.node }} of cluster %(cluster)s root holds {{ $value | humanizePercentage }} of the inotify {{ $labels.resource }} that it may have. The kubelet no longer notices new containers, and programs that follow files fail with "no space left on device" or "too many open files".',
    },
    near('watches') {
      alert: 'KubeVitalsInotifyWatchesNearLimit',
      each: 'user',
      summary: 'A user of a node nears the limit of inotify watches.',
      explainedBy: why.on(['node'], ['KubeVitalsInotifyExhausted'], { when: { resource: 'watches' }, where: { uid: '0' } }),
      description: 'On node {{ $labels.node }} of cluster %(cluster)s user {{ $labels.uid }} holds {{ $value | humanizePercentage }} of the inotify watches that a user may have. At the limit whatever wants to follow one file more fails with "no space left on device".',
    },
    near('instances') {
      alert: 'KubeVitalsInotifyInstancesNearLimit',
      each: 'user',
      summary: 'A user of a node nears the limit of inotify instances.',
      explainedBy: why.on(['node'], ['KubeVitalsInotifyExhausted'], { when: { resource: 'instances' }, where: { uid: '0' } }),
      description: 'On node {{ $labels.node }} of cluster %(cluster)s user {{ $labels.uid }} holds {{ $value | humanizePercentage }} of the inotify instances that a user may have; all containers that run as the same user share them. At the limit the next program that wants one fails with "too many open files".',
    },
    {
      alert: 'KubeVitalsInotifyScanIncomplete',
      each: 'node',
      severity: 'info',
      expr: |||
        max by (%(by)s, node) (kubevitals_inotify_scan_complete{%(nodeSelector)s}) == 0
      ||| % c,
      'for': '1h',
      summary: 'The agent of a node cannot see who holds all inotify watches.',
      description: 'The agent on node {{ $labels.node }} of cluster %(cluster)s did not see all processes in its last scan: rights are missing or time runs out. More inotify watches and instances may be in use than it tells.',
    },
  ],
  panels: [
    g.timeseries(
      'Inotify in use',
      'Share of the inotify watches and instances that a user may have in use; processes that could not be read are missing.',
      'percentunit',
      [g.target('max by (node, uid, resource) (kubevitals_inotify_used{%(nodePanel)s, node=~"$node"}) / on (node, resource) group_left () (max by (node, resource) (kubevitals_inotify_limit{%(nodePanel)s, node=~"$node"}) > 0)' % c, '{{node}} user {{uid}} {{resource}}')],
      { alerts: ['KubeVitalsInotifyExhausted', 'KubeVitalsInotifyWatchesNearLimit', 'KubeVitalsInotifyInstancesNearLimit'], threshold: c.inotifyUsedRatio },
    ),
    g.table(
      'Who holds inotify watches and instances',
      'The commands that hold most of users who have half of what they may have in use, with the part of the node that they run in.',
      [g.column('topk(20, max by (node, uid, command, slice, resource) (kubevitals_inotify_holder_used{%(nodePanel)s, node=~"$node"}))' % c, 'In use')],
      { mayBeEmpty: true },
    ),
    g.stateTimeline(
      'Inotify scans',
      'Whether the last scan saw every process.',
      [g.target('max by (node) (kubevitals_inotify_scan_complete{%(nodePanel)s, node=~"$node"})' % c, '{{node}}')],
      { alerts: ['KubeVitalsInotifyScanIncomplete'], badWhen: 0 },
    ),
    g.timeseries(
      'Processes in inotify scans',
      'Processes that the last scan read, and those that it could not read; 1 where it ran out of time and left the rest out, or counted instances for each of the processes that share them.',
      'short',
      [
        g.target('max by (node) (kubevitals_inotify_scan_processes{%(nodePanel)s, node=~"$node"})' % c, '{{node}} read'),
        g.target('max by (node, reason) (kubevitals_inotify_scan_unread_processes{%(nodePanel)s, node=~"$node"})' % c, '{{node}} {{reason}}'),
        g.target('max by (node) (kubevitals_inotify_scan_cut_short{%(nodePanel)s, node=~"$node"})' % c, '{{node}} out of time'),
        g.target('max by (node) (kubevitals_inotify_scan_shared_counted_often{%(nodePanel)s, node=~"$node"})' % c, '{{node}} shared ones often'),
      ],
    ),
  ],
}
