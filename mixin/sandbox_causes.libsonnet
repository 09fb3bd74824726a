// Why pods get no sandbox or no network, to follow a colon. The causes are those of
// sources/sandbox_cause.go; a test compares them.
{
  no_addresses: 'the network plugin has no address left for it',
  plugin_missing: 'the program of the network plugin that is configured is not on the node',
  network_not_configured: 'the node has no configuration of a network plugin',
  handler_missing: 'the container runtime does not know the handler that its RuntimeClass names',
  cgroup_drivers: 'the kubelet and the container runtime use different cgroup drivers (cgroupfs, systemd)',
  sandbox_image: 'the image of the sandbox itself (pause) cannot be pulled',
  cgroups_full: 'the kernel of the node makes no cgroup for it: too many are left over, or it has no memory for another',
  plugin_unauthorized: 'the API server does not accept the token of the network plugin (Unauthorized)',
  network_not_set_up: 'the agent of the network has not set up the node, or does not answer its plugin',
  node_full: 'the node has no disk, memory or open files left for it',
  slow: 'the container runtime or the network plugin does not answer in time',
  plugin_failing: 'the network plugin fails with an error of its own',
  runtime_failing: 'the container runtime fails to start it',
  unknown: 'the network plugin or the container runtime of the node fails',
}
