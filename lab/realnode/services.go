//go:build linux

package realnode

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

const (
	socket = "/run/containerd/containerd.sock"
	// cniFile is the configuration of the network of pods, in the folder cni of the
	// node's.
	cniFile = "10-lab.conflist"
	// realLabel is what the Nodes of real nodes bear, and those of hollow ones do not.
	realLabel = "lab.kubevitals/real"
)

const containerdConfig = `version = 3
[plugins.'io.containerd.cri.v1.images']
snapshotter = 'overlayfs'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '` + ProgramsImage + `'
[plugins.'io.containerd.cri.v1.runtime']
# Where this machine is a container itself, not even root may lower the score.
restrict_oom_score_adj = true
`

// cniConfig routes each pod by a pair of devices, without a bridge: replies then pass
// the rules of kube-proxy also where the kernel does not show them what is bridged.
func (n *Node) cniConfig() []byte {
	return fmt.Appendf(nil, `{"cniVersion": "1.0.0", "name": "lab", "plugins": [
  {"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local", "ranges": [[{"subnet": "%s"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
`, n.podNetwork())
}

// kubeletConfig has the defaults of Kubernetes but for what this machine and short
// tests demand.
func (n *Node) kubeletConfig() ([]byte, error) {
	c := kubeletv1beta1.KubeletConfiguration{
		TypeMeta:                 metav1.TypeMeta{APIVersion: kubeletv1beta1.SchemeGroupVersion.String(), Kind: "KubeletConfiguration"},
		ContainerRuntimeEndpoint: "unix://" + socket,
		CgroupDriver:             "cgroupfs", // there is no systemd
		FailCgroupV1:             ptr.To(false),
		FailSwapOn:               ptr.To(false),
		ClusterDNS:               []string{n.place.dnsAddress()}, ClusterDomain: "cluster.local",
		ResolverConfig: ptr.To("/etc/kubernetes/resolv.conf"),
		TLSCertFile:    "/etc/kubernetes/kubelet.crt", TLSPrivateKeyFile: "/etc/kubernetes/kubelet.key",
		KubeReserved: map[string]string{"cpu": "100m", "memory": "256Mi"},
		// What fails should be told, and be over, sooner than by default: a runtime that
		// hangs is waited for two minutes, pressure on a disk lasts for five, and an image
		// must be unused for two before it may be removed.
		SyncFrequency:                    metav1.Duration{Duration: 10 * time.Second},
		RuntimeRequestTimeout:            metav1.Duration{Duration: 20 * time.Second},
		EvictionPressureTransitionPeriod: metav1.Duration{Duration: 5 * time.Second},
		ImageMinimumGCAge:                metav1.Duration{Duration: time.Second},
	}
	c.Authentication.X509.ClientCAFile = "/etc/kubernetes/ca.crt"
	text, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("configuration of the kubelet: %w", err)
	}
	return text, nil
}

// process declares a program of the node.
func (n *Node) process(name string, ready func(context.Context) error, command ...string) *cluster.Process {
	return cluster.NewProcess(command, n.cluster.LogDir(), n.Name+"-"+name, n.inside.start, ready)
}

func (n *Node) startContainerd(ctx context.Context) error {
	n.Containerd = n.process("containerd", n.runtimeServes, filepath.Join(binDir, containerdProgram), "--config=/etc/containerd/config.toml", "--address="+socket)
	if err := n.Containerd.Start(ctx); err != nil {
		return err
	}
	return n.Import(ctx, Programs(n.place.programs))
}

func (n *Node) runtimeServes(ctx context.Context) error {
	_, err := n.ctr(ctx, "version")
	return err
}

// startKubelet does not wait for it: the node is ready once there is an image for
// sandboxes and a network for pods, and what follows needs no ready node.
func (n *Node) startKubelet(context.Context) error {
	n.Kubelet = n.kubelet()
	return n.Kubelet.Launch()
}

// kubelet declares the kubelet; more flags replace those of the same name.
func (n *Node) kubelet(flags ...string) *cluster.Process {
	return n.process("kubelet", n.ready, append([]string{
		filepath.Join(binDir, labProgram), cluster.RealKubelet,
		"--config=/etc/kubernetes/kubelet.yaml", "--kubeconfig=/etc/kubernetes/kubelet.kubeconfig",
		"--hostname-override=" + n.Name, "--node-ip=" + n.Address().String(), "--node-labels=" + realLabel + "=true",
	}, flags...)...)
}

func (n *Node) startProxy(ctx context.Context) error {
	n.Proxy = n.process("kube-proxy", n.proxyServes, n.proxyCommand()...)
	return n.Proxy.Start(ctx)
}

func (n *Node) proxyCommand() []string {
	return []string{
		filepath.Join(binDir, labProgram), cluster.Proxy,
		"--kubeconfig=/etc/kubernetes/kube-proxy.kubeconfig", "--proxy-mode=iptables", "--hostname-override=" + n.Name,
		// The limits of the kernel's table are the machine's.
		"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0",
	}
}

func (n *Node) proxyServes(ctx context.Context) error {
	conn, err := n.Dial(ctx, "tcp", net.JoinHostPort(n.Address().String(), "10256"))
	if err != nil {
		return err
	}
	return conn.Close()
}
