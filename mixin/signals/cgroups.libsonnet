// Cgroups leak on a node.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local k = c {
    // Since Linux 4.8 a removed cgroup does not count towards the limit any more;
    // nodes with cgroups of version 1 may have an older kernel.
    counted: |||
      max by (%(by)s, node, controller) (kubevitals_cgroups_held{%(nodeSelector)s})
      - on (%(by)s, node, controller)
      (
        max by (%(by)s, node, controller) (kubevitals_cgroups_dying{%(nodeSelector)s})
        * on (%(by)s, node) group_left ()
        (max by (%(by)s, node) (kubevitals_cgroups_version{%(nodeSelector)s}) == bool 2)
      )
    ||| % c,
    empty: 'sum by (%(by)s, node) (max by (%(by)s, node, kind) (kubevitals_cgroups_folders{%(nodeSelector)s, kind=~"pods|scopes", state="empty"}))' % c,
    dying: 'max by (%(by)s, node) (kubevitals_cgroups_dying{%(nodeSelector)s})' % c,
  },
  // Only what is many is recorded: looking back at each node would cost too much.
  local many = [
    { record: 'kubevitals:cgroups_many_empty:count', expr: '%s > %s\n' % [k.empty, c.cgroupsEmptyMinimum] },
    { record: 'kubevitals:cgroups_many_dying:count', expr: '%s > %s\n' % [k.dying, c.cgroupsDyingMinimum] },
  ],
  local growing(what, minimum, state) = {
    severity: 'warning',
    expr: |||
      %(what)s > %(minimum)s
      and on (%(by)s, node)
      deriv(kubevitals:cgroups_many_%(state)s:count[6h]) * 3600 > %(cgroupsGrowthPerHour)s
    ||| % (k { what: what, minimum: minimum, state: state }),
    'for': '1h',
  },

  name: 'cgroups',
  area: 'node-agents',
  slow: true,
  rules: many,
  alerts: [
    {
      alert: 'KubeVitalsCgroupsNearLimit',
      each: 'node',
      severity: 'warning',
      fault: 'cgroups_near_limit',
      expr: |||
        (
          %(counted)s
        )
        / on (%(by)s, node, controller)
        max by (%(by)s, node, controller) (kubevitals_cgroups_limit{%(nodeSelector)s})
        > %(cgroupsUsedRatio)g
      ||| % (k { counted: promql.indent(k.counted) }),
      'for': '15m',
      summary: 'A node nears the number of cgroups that its kernel can have.',
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has {{ $value | humanizePercentage }} of the cgroups ({{ $labels.controller }}) that there may be. At the limit no container and no service starts there: mkdir fails with "no space left on device" or "cannot allocate memory".',
    },
    growing(k.empty, c.cgroupsEmptyMinimum, 'empty') {
      alert: 'KubeVitalsCgroupsEmptyGrowing',
      each: 'node',
      summary: 'Cgroups without processes pile up on a node.',
      explainedBy: why.on(['node'], ['KubeVitalsCgroupsNearLimit']),
      description: 'Node {{ $labels.node }} of cluster %(cluster)s has {{ $value }} cgroups of pods and scopes in which no process is left, and their number grows: whoever made them does not remove them. The kubelet holds an inotify watch on each, and walks through all of them.',
    },
    growing(k.dying, c.cgroupsDyingMinimum, 'dying') {
      alert: 'KubeVitalsCgroupsDyingGrowing',
      each: 'node',
      summary: 'Removed cgroups that the kernel cannot free pile up on a node.',
      explainedBy: why.on(['node'], ['KubeVitalsCgroupsNearLimit']),
      description: 'The kernel of node {{ $labels.node }} of cluster %(cluster)s holds {{ $value }} cgroups that were removed, and their number grows. They cost memory that no process is charged for, and make reading memory statistics slow, which the kubelet does all the time.',
    },
  ],
  panels: [
    g.timeseries(
      'Cgroups against the limit',
      'Share of the cgroups that there may be that the kernel holds, removed ones included; those count towards the limit on old kernels only.',
      'percentunit',
      [
        g.target('max by (node, controller) (kubevitals_cgroups_held{%(nodePanel)s, node=~"$node"}) / on (node, controller) max by (node, controller) (kubevitals_cgroups_limit{%(nodePanel)s, node=~"$node"})' % k, '{{node}} {{controller}} held'),
        g.target('max by (node, controller) (kubevitals_cgroups_dying{%(nodePanel)s, node=~"$node"}) / on (node, controller) max by (node, controller) (kubevitals_cgroups_limit{%(nodePanel)s, node=~"$node"})' % k, '{{node}} {{controller}} of these removed'),
      ],
      { alerts: ['KubeVitalsCgroupsNearLimit'], threshold: k.cgroupsUsedRatio, mayBeEmpty: true },
    ),
    g.timeseries(
      'Empty cgroups',
      'Folders of cgroups without a process in or below them, by what they are for.',
      'short',
      [g.target('max by (node, kind) (kubevitals_cgroups_folders{%(nodePanel)s, node=~"$node", state="empty"})' % k, '{{node}} {{kind}}')],
      { alerts: ['KubeVitalsCgroupsEmptyGrowing'], threshold: k.cgroupsEmptyMinimum },
    ),
    g.timeseries(
      'Removed cgroups that the kernel holds',
      'Cgroups that were removed and that the kernel cannot free yet.',
      'short',
      [g.target('max by (node, controller) (kubevitals_cgroups_dying{%(nodePanel)s, node=~"$node"})' % k, '{{node}} {{controller}}')],
      { alerts: ['KubeVitalsCgroupsDyingGrowing'], threshold: k.cgroupsDyingMinimum, mayBeEmpty: true },
    ),
    g.timeseries(
      'Many cgroups without use',
      'Empty and removed cgroups of the nodes that have so many of them that their growth is looked at.',
      'short',
      [g.target('max by (node) (kubevitals:cgroups_many_%s:count{%s="$cluster", node=~"$node"})' % [state, c.clusterLabel], '{{node}} ' + state) for state in ['empty', 'dying']],
      { alerts: ['KubeVitalsCgroupsEmptyGrowing', 'KubeVitalsCgroupsDyingGrowing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Cgroups in use',
      'Folders of cgroups with a process in or below them, by what they are for.',
      'short',
      [g.target('max by (node, kind) (kubevitals_cgroups_folders{%(nodePanel)s, node=~"$node", state="populated"})' % k, '{{node}} {{kind}}')],
    ),
    g.timeseries(
      'Nodes by version of cgroups',
      'Number of nodes by the version of their cgroups; kubelets refuse version 1 unless failCgroupV1 is false.',
      'short',
      [g.target('count_values("version", max by (node) (kubevitals_cgroups_version{%(nodePanel)s, node=~"$node"}))' % k, 'version {{version}}')],
    ),
    g.stateTimeline(
      'Scans of cgroups',
      'Whether the last scan counted all folders in time.',
      [g.target('max by (node) (kubevitals_cgroups_scan_complete{%(nodePanel)s, node=~"$node"})' % k, '{{node}}')],
    ),
  ],
}
