// Who takes a start-up taint away, by its key, to follow "which".
{
  'node.kubernetes.io/not-ready': 'the node controller of kube-controller-manager takes away once the node is ready',
  'node.kubernetes.io/network-unavailable': 'the node controller takes away once the cloud or the network plugin says that the network of the node is there',
  'node.cloudprovider.kubernetes.io/uninitialized': 'the cloud controller manager takes away once it has found the machine of the node',
  'node.cluster.x-k8s.io/uninitialized': 'Cluster API takes away once it has labelled the node',
  'karpenter.sh/unregistered': 'Karpenter takes away once it has registered the node',
  'node.cilium.io/agent-not-ready': 'Cilium takes away once its agent on the node is ready',
  'ebs.csi.aws.com/agent-not-ready': 'the driver of EBS volumes takes away once it runs on the node',
  'efs.csi.aws.com/agent-not-ready': 'the driver of EFS volumes takes away once it runs on the node',
  'fsx.csi.aws.com/agent-not-ready': 'the driver of FSx volumes takes away once it runs on the node',
  'disk.csi.azure.com/agent-not-ready': 'the driver of Azure disks takes away once it runs on the node',
  'file.csi.azure.com/agent-not-ready': 'the driver of Azure files takes away once it runs on the node',
}
