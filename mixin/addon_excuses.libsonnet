// Pods that an addon lacks for nodes that are not ready. A pod on such a node is not ready
// either, and the node has an alert of its own; of a DaemonSet such a pod is missed for as
// long as the node is, and there may be none on the node at all.
local promql = import 'promql.libsonnet';

function(c)
  local sent = |||
    (
      sum by (%(by)s, addon) (
        max by (%(by)s, addon, node) (kubevitals_addon_health_not_ready_pods{%(selector)s, node!=""})
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0
      )
      or
      0 * max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s})
    )
  ||| % c;
  // Pods of agents that are not there, as far as there are nodes that are not ready and have
  // none: the lesser of the two.
  local absent = |||
    (
      max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s, addon=~"%(agents)s"})
      - on (%(by)s, addon)
      sum by (%(by)s, addon) (max by (%(by)s, addon, state) (kubevitals_addon_health_pods{%(selector)s}))
    )
  ||| % (c { agents: c.onEachNode });
  local room = |||
    (
      count by (%(by)s) (max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s}) == 0)
      - on (%(by)s) group_right ()
      %(sent)s
    )
  ||| % (c { sent: promql.indent(sent) });
  |||
    (
      %(sent)s
      + on (%(by)s, addon)
      (
        %(absent)s > 0 <= on (%(by)s, addon) %(room)s
        or on (%(by)s, addon)
        %(room)s < on (%(by)s, addon) %(absent)s
        or on (%(by)s, addon)
        0 * max by (%(by)s, addon) (kubevitals_addon_health_desired_pods{%(selector)s})
      )
    )
  ||| % (c { sent: promql.indent(sent), absent: promql.indent(promql.indent(absent)), room: promql.indent(promql.indent(room)) })
