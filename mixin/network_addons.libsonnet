// The addons that are agents of network plugins, as collectors/addon_health calls them; a
// node without one that works has no network of pods.
{
  // The namespaces in which they run.
  namespaces: 'kube-system|kube-flannel|calico-system|openshift-ovn-kubernetes',
  names: 'antrea|aws-node|azure-cns|calico|cilium|flannel|kindnet|kube-router|ovn-kubernetes|weave',
}
