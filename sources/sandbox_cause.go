package sources

import "github.com/kubevitals/kubevitals/sources/events"

// SandboxCause says why a pod gets no sandbox or no network. The set is closed.
type SandboxCause string

// The causes.
const (
	// NoAddresses: the network plugin has no address left for the pod.
	NoAddresses SandboxCause = "no_addresses"
	// PluginMissing: the program of a network plugin that is configured is not there.
	PluginMissing SandboxCause = "plugin_missing"
	// NetworkNotConfigured: the node has no configuration of a network plugin.
	NetworkNotConfigured SandboxCause = "network_not_configured"
	// HandlerMissing: the runtime does not know what the RuntimeClass of the pod names.
	HandlerMissing SandboxCause = "handler_missing"
	// CgroupDrivers: kubelet and runtime use different drivers of cgroups.
	CgroupDrivers SandboxCause = "cgroup_drivers"
	// SandboxImage: the image of the sandbox itself, often called pause, is missing.
	SandboxImage SandboxCause = "sandbox_image"
	// CgroupsFull: the kernel of the node makes no more cgroups.
	CgroupsFull SandboxCause = "cgroups_full"
	// NotAuthorized: the API server does not accept the token of the network plugin.
	NotAuthorized SandboxCause = "plugin_unauthorized"
	// NodeUnprepared: the agent of the network has not set up the node, which has no file of
	// what its plugin needs, or does not answer it.
	NodeUnprepared SandboxCause = "network_not_set_up"
	// NodeFull: the node has no disk, memory or files left for it.
	NodeFull SandboxCause = "node_full"
	// SandboxSlow: runtime or plugin did not answer in time.
	SandboxSlow SandboxCause = "slow"
	// PluginFailing: a network plugin fails with words of its own.
	PluginFailing SandboxCause = "plugin_failing"
	// RuntimeFailing: the runtime cannot start the sandbox, and says so in its own words.
	RuntimeFailing SandboxCause = "runtime_failing"
	// SandboxUntold: nothing of this.
	SandboxUntold SandboxCause = "unknown"
)

// SandboxCauses returns every cause.
func SandboxCauses() []SandboxCause {
	return []SandboxCause{
		NoAddresses, PluginMissing, NetworkNotConfigured, HandlerMissing, CgroupDrivers, SandboxImage,
		CgroupsFull, NotAuthorized, NodeUnprepared, NodeFull, SandboxSlow,
		PluginFailing, RuntimeFailing, SandboxUntold,
	}
}

// sandboxPhrases are those of containerd, CRI-O, the plugins of the CNI project and
// those of the usual networks, the most telling first: the error of a plugin is within
// that of the runtime. testdata/sandbox_messages.yaml has whole messages.
func sandboxPhrases() phrases[SandboxCause] {
	return phrases[SandboxCause]{
		{"no ip addresses available", NoAddresses},         // host-local
		{"failed to assign an ip address", NoAddresses},    // Amazon VPC
		{"no more ips available", NoAddresses},             // Cilium
		{"range is full", NoAddresses},                     // Cilium
		{"out of 1 requested ipv4 addresses", NoAddresses}, // Calico
		{"out of 1 requested ipv6 addresses", NoAddresses},
		{"no available addresses", NoAddresses},         // Azure
		{"could not allocate ip in range", NoAddresses}, // Whereabouts
		{"not enough ips available", NoAddresses},       // Azure
		{"no available address pools", NoAddresses},     // Azure, earlier
		{"no address allocated to pod", NoAddresses},    // Kube-OVN
		{"no available ip for pod", NoAddresses},        // Kube-OVN, earlier
		{"failed to find plugin", PluginMissing},
		{"cni plugin not initialized", NetworkNotConfigured},
		{"cni config uninitialized", NetworkNotConfigured},
		{"no cni configuration file", NetworkNotConfigured},
		{"no runtime for", HandlerMissing},                 // containerd
		{"failed to find runtime handler", HandlerMissing}, // CRI-O
		{"cgroupspath to be of format", CgroupDrivers},     // runc
		{"did not receive slice as parent", CgroupDrivers}, // CRI-O
		{"received systemd slice as parent", CgroupDrivers},
		{"failed to get sandbox image", SandboxImage},
		{"failed pulling image", SandboxImage}, // cri-dockerd
		{"mkdir /sys/fs/cgroup", CgroupsFull},
		{"connection is unauthorized", NotAuthorized},                                 // Calico
		{"the server has asked for the client to provide credentials", NotAuthorized}, // Multus
		{"/run/flannel/subnet.env: no such file", NodeUnprepared},
		{"/var/lib/calico/nodename: no such file", NodeUnprepared},
		{"stat /var/lib/calico/nodename", NodeUnprepared},
		{"unable to connect to cilium", NodeUnprepared},
		{"cilium.sock: connect:", NodeUnprepared},
		{"127.0.0.1:50051: connect: connection refused", NodeUnprepared}, // Amazon VPC
		{"no space left on device", NodeFull},
		{"cannot allocate memory", NodeFull},
		{"too many open files", NodeFull},
		{"context deadline exceeded", SandboxSlow},
		{"deadlineexceeded", SandboxSlow},
		{"failed to reserve sandbox name", SandboxSlow}, // the first attempt still runs
		{"name is reserved", SandboxSlow},               // the same of CRI-O
		{"plugin type=", PluginFailing},
		{"failed to setup network for sandbox", PluginFailing},
		{"networkplugin cni failed", PluginFailing},
		{"error adding pod", PluginFailing}, // CRI-O
		{"oci runtime create failed", RuntimeFailing},
		{"failed to create containerd task", RuntimeFailing},
		{"container create failed", RuntimeFailing}, // CRI-O
	}
}

// EventPhrases are what is kept of the messages of events.
func EventPhrases() events.Phrases {
	texts := sandboxPhrases().texts()
	return events.Phrases{
		{Reason: "FailedCreatePodSandBox", Object: "Pod"}:   texts,
		{Reason: "NetworkNotReady", Object: "Pod"}:          texts,
		{Reason: "FailedCreatePodContainer", Object: "Pod"}: texts,
		ImageKind(): imagePhrases().texts(),
	}
}

// SandboxCauseOf is the cause that a phrase of EventPhrases stands for.
func SandboxCauseOf(phrase string) SandboxCause {
	return sandboxPhrases().causeOf(phrase, SandboxUntold)
}
