// Package component names the programs of a control plane. It imports none of them, so
// that what starts them does not contain them.
package component

// The components, which are also the sub-commands of the binaries that contain them: the
// lab's, and those of other versions of Kubernetes.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	HollowKubelet     = "hollow-kubelet"
	RealKubelet       = "kubelet"    // see package realnode
	Proxy             = "kube-proxy" // not of the cluster itself: it writes rules into its network namespace
)

// LifelineEnv tells a component that file descriptor 3 is a pipe whose other
// end the process that started it holds open for as long as it lives.
const LifelineEnv = "KUBEVITALS_LAB_LIFELINE"
