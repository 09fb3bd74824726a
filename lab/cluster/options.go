// Package cluster starts a real Kubernetes control plane and hollow kubelets as
// processes on loopback, and can kill and restart each of them.
package cluster

import (
	"cmp"
	"net"
	"os"

	"github.com/kubevitals/kubevitals/lab/component"
)

// The components of a cluster, and what a node may run.
const (
	Etcd              = component.Etcd
	APIServer         = component.APIServer
	ControllerManager = component.ControllerManager
	Scheduler         = component.Scheduler
	RealKubelet       = component.RealKubelet
	Proxy             = component.Proxy
)

// BinaryEnv names the lab's binary for tests.
const BinaryEnv = "KUBEVITALS_LAB_BINARY"

// ComponentsEnv names, for tests, the binary of components of another version of
// Kubernetes, which see package compat.
const ComponentsEnv = "KUBEVITALS_LAB_COMPONENTS"

// ComponentsBinary is what ComponentsEnv names, and without it what BinaryEnv names.
func ComponentsBinary() string { return cmp.Or(os.Getenv(ComponentsEnv), os.Getenv(BinaryEnv)) }

// Options say what to start.
type Options struct {
	// Binary contains the components; by default what ComponentsBinary says.
	Binary string
	// Dir holds state and logs; by default a temporary folder that Stop removes.
	Dir string
	// Address is where the API server listens, which nodes and pods must be able to
	// reach: by default 127.0.0.1, at which only hollow ones are.
	Address string
	// ServiceNetwork is where Services have their addresses; by default 10.96.0.0/16,
	// which leads nowhere. The API server's own is the first.
	ServiceNetwork *net.IPNet
	// Nodes is the number of hollow kubelets, named node-0, node-1, ...
	Nodes int
	// WithoutScheduler leaves pods where the test puts them.
	WithoutScheduler bool
	// EtcdArgs are more arguments for etcd.
	EtcdArgs []string
	// ControllerManagerArgs are more arguments for kube-controller-manager.
	ControllerManagerArgs []string
	// KubeletFeatureGates are for hollow kubelets, as --feature-gates of a kubelet has them.
	KubeletFeatureGates string
	// Valves puts one before etcd, as the API server reaches it, and one between each
	// hollow kubelet and the API server.
	Valves bool
	// Revive starts components again that end by themselves, as a kubelet does with
	// static pods.
	Revive bool
	// Logf reports progress; nil reports nothing.
	Logf func(format string, args ...any)
}

func (o *Options) fill() {
	if o.Binary == "" {
		o.Binary = ComponentsBinary()
	}
	if o.Address == "" {
		o.Address = "127.0.0.1"
	}
	if o.ServiceNetwork == nil {
		o.ServiceNetwork = &net.IPNet{IP: net.IPv4(10, 96, 0, 0), Mask: net.CIDRMask(16, 32)}
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
}
