// What each cause of a node that is not ready means, to follow "because". The causes are
// those of collectors/nodecause; runbooks take these words from here.
{
  machine_gone: 'its machine is shut down, removed or declared out of service',
  disk: 'its disk is full',
  memory: 'it is short of memory',
  pid: 'it is out of process ids',
  runtime_down: 'its container runtime does not answer the kubelet',
  kubelet_setup: 'its kubelet is not set up: it has just started, keeps restarting, or a part of its set-up fails',
  pleg_stuck: 'its kubelet takes minutes to list the containers (PLEG): the container runtime hangs or the node is overloaded',
  network_plugin_missing: 'its network plugin (CNI) is missing or not ready',
  shutting_down: 'its kubelet says that it is shutting down, and still renews its Lease: the shutdown was called off, or something keeps it from ending',
  kubelet_dead: 'its kubelet does not run: the host answers, and nothing listens at the port of the kubelet',
  kubelet_hung: 'its kubelet hangs: it accepts connections and never answers',
  kubelet_cut_off: 'its heartbeats do not arrive in the status of its Node, though its kubelet answers or renews its Lease: it cannot reach the API server, is refused there, or its loop hangs',
  unreachable: 'its host does not answer at all',
  silent: 'its kubelet is silent: it sends no heartbeats, and whether it, its machine or the network is at fault was not probed',
  unknown: 'of something that its conditions, its Lease and its kubelet do not tell',
}
