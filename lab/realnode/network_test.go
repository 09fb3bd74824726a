//go:build linux

package realnode

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// networkFailures are those of the network of pods, and of Services.
func networkFailures() []failure {
	restored := on(func(_ context.Context, n *Node) error { return n.setNetwork(string(n.cniConfig())) })
	return []failure{
		{
			name: "CNI configuration removed",
			do:   on(func(_ context.Context, n *Node) error { return os.Remove(n.cniConfigFile()) }), undo: restored,
			told: []told{
				{alert: nodeNotReady, because: "because its network plugin (CNI) is missing"},
				{alert: "KubeVitalsContainerRuntimeNetworkNotReady{node=real-0", by: fromNode},
			},
		},
		{
			name: "CNI plugin that is not installed",
			do: both(on(func(_ context.Context, n *Node) error {
				return n.setNetwork(`{"cniVersion": "1.0.0", "name": "lab", "plugins": [{"type": "calico"}]}`)
			}), addPod(pod("unplugged", ProgramsImage))),
			undo: both(removePod("unplugged"), restored),
			told: []told{{alert: noSandbox, because: "the program of the network plugin that is configured is not on the node"}},
		},
		{
			name: "addresses used up", do: both(useUpAddresses, addPod(pod("homeless", ProgramsImage))),
			undo: both(removePod("homeless"), restored),
			told: []told{{alert: noSandbox, because: "has no address left"}},
		},
		{
			name: "kube-proxy without iptables in its PATH", do: on(func(_ context.Context, n *Node) error {
				n.Proxy.Kill()
				bare := n.process("kube-proxy", n.proxyServes, append([]string{"/usr/bin/env", "PATH=/nowhere"}, n.proxyCommand()...)...)
				return bare.Launch()
			}),
			undo: on(func(ctx context.Context, n *Node) error { return n.Proxy.Start(ctx) }),
			told: []told{{alert: "KubeVitalsKubeProxyDown{node=real-0", by: fromNode}},
		},
	}
}

func (n *Node) cniConfigFile() string { return filepath.Join(n.Dir(), cniFolder, cniFile) }

// setNetwork replaces the configuration of the network of pods at once, and leaves
// the runtime, which watches the folder, a moment to read it.
func (n *Node) setNetwork(config string) error {
	draft := filepath.Join(n.Dir(), cniFolder, "draft")
	if err := os.WriteFile(draft, []byte(config), 0o600); err != nil {
		return err
	}
	if err := os.Rename(draft, n.cniConfigFile()); err != nil {
		return err
	}
	time.Sleep(time.Second)
	return nil
}

// useUpAddresses makes the range so small that the pods of cluster DNS have all of it.
func useUpAddresses(ctx context.Context, l *lab) error {
	used, err := l.addressOfDNS(ctx)
	if err != nil {
		return err
	}
	return l.node.setNetwork(fmt.Sprintf(`{"cniVersion": "1.0.0", "name": "lab", "plugins": [{"type": "ptp", "ipam": {
  "type": "host-local", "ranges": [[{"subnet": %q, "rangeStart": %q, "rangeEnd": %q}]]}}]}`, l.node.podNetwork(), used, used))
}
