// Package cluster starts a real Kubernetes control plane and hollow kubelets as
// processes on loopback, and can kill and restart each of them.
package cluster

import (
	"os"
)

// The components, which are also the sub-commands of the lab's binary.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	HollowKubelet     = "hollow-kubelet"
	Proxy             = "kube-proxy" // not of the cluster itself: it writes rules into its network namespace
)

// LifelineEnv tells a component that file descriptor 3 is a pipe whose other
// end the process that started it holds open for as long as it lives.
const LifelineEnv = "KUBEVITALS_LAB_LIFELINE"

// BinaryEnv names the lab's binary for tests.
const BinaryEnv = "KUBEVITALS_LAB_BINARY"

// Options say what to start.
type Options struct {
	// Binary is the lab's multi-call binary; by default what BinaryEnv names.
	Binary string
	// Dir holds state and logs; by default a temporary folder that Stop removes.
	Dir string
	// Nodes is the number of hollow kubelets, named node-0, node-1, ...
	Nodes int
	// WithoutScheduler leaves pods where the test puts them.
	WithoutScheduler bool
	// EtcdArgs are more arguments for etcd.
	EtcdArgs []string
	// Logf reports progress; nil reports nothing.
	Logf func(format string, args ...any)
}

func (o *Options) fill() {
	if o.Binary == "" {
		o.Binary = os.Getenv(BinaryEnv)
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
}
