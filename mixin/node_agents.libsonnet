// Agents of kubevitals on nodes, which are counted: where many fail for one reason,
// that is one alert for a cluster.
function(c) {
  local needing = '(max by (%(by)s, node) (kubevitals_node_readiness_ready{%(selector)s, node!~"%(nodesWithoutAgentIgnored)s"}) == 1 unless on (%(by)s, node) kubevitals_node_readiness_not_linux{%(selector)s})' % c,

  agentsDown: 'count by (%(by)s) (max by (%(by)s, instance) (up{%(nodeSelector)s}) == 0)' % c,
  // Those of a rolling update are down one after the other, each for a moment.
  agentsDownForLong: 'count by (%(by)s) (max by (%(by)s, instance) (max_over_time(up{%(nodeSelector)s}[10m:2m])) == 0 and on (%(by)s, instance) up{%(nodeSelector)s})' % c,
  // Where there were agents within a day: looking back at each of them costs more than
  // all other rules.
  none: '0 * max by (%(by)s) (last_over_time(kubevitals:node_agent:count[1d]))' % c,
  // Nodes that are ready and should have one: agents run on Linux only.
  needing: needing,
  // Those of them that have none. Every agent sends one of these, unless they are all
  // switched off. One after the other, the first leaves little to compare with the next.
  lacking: |||
    %(needing)s
    unless on (%(by)s, node)
    kubevitals_node_apiserver_reachable{%(nodeSelector)s}
    unless on (%(by)s, node)
    kubevitals_conntrack_active{%(nodeSelector)s}
    unless on (%(by)s, node)
    kubevitals_kube_proxy_up{%(nodeSelector)s}
  ||| % (c { needing: needing }),
}
