//go:build linux

package realnode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// Node is a real node of a cluster.
type Node struct {
	// Name is the node's.
	Name string
	// Containerd, Kubelet and Proxy are its processes, which can be killed, paused and
	// started again.
	Containerd, Kubelet, Proxy *cluster.Process

	place   *Place
	cluster *cluster.Cluster
	number  int
	init    *cluster.Process
	inside  *inside
}

// diskSizes are those of sparse files, of which only what is written takes room.
const diskMiB = 1024

// Add starts a node and returns when it is ready. The cluster must listen at the
// Address of the place.
func (p *Place) Add(ctx context.Context, c *cluster.Cluster) (*Node, error) {
	n := &Node{place: p, cluster: c, number: len(p.nodes)}
	n.Name = fmt.Sprintf("real-%d", n.number)
	p.nodes = append(p.nodes, n)
	for _, step := range []func(context.Context) error{
		n.writeFiles, n.boot, n.connect, n.startContainerd, n.startKubelet, n.startProxy,
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("node %s: %w", n.Name, err)
		}
	}
	return n, n.Kubelet.WaitReady(ctx)
}

// Dir is the folder of the node on the machine; the node sees it as /lab.
func (n *Node) Dir() string { return filepath.Join(n.place.dir(), n.Name) }

// Address is that of the node.
func (n *Node) Address() net.IP { return n.place.network(0, 2+n.number) }

// cgroup is the path of the node's in each hierarchy of the machine.
func (n *Node) cgroup() string { return filepath.Join(n.place.cgroup(), n.Name) }

func (n *Node) podNetwork() string { return n.place.network(1+n.number, 0).String() + "/24" }

// writeFiles makes the node's folder: disks, credentials and configuration.
func (n *Node) writeFiles(ctx context.Context) error {
	files, err := n.cluster.NodeFiles(n.Name, n.Address())
	if err != nil {
		return err
	}
	proxy, err := n.cluster.Kubeconfig(n.Name+"-kube-proxy", "system:kube-proxy")
	if err != nil {
		return err
	}
	kubelet, err := n.kubeletConfig()
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		filepath.Join(kubernetesFolder, "kubelet.kubeconfig"):    files.Kubeconfig,
		filepath.Join(kubernetesFolder, "kube-proxy.kubeconfig"): proxy,
		filepath.Join(kubernetesFolder, "ca.crt"):                files.ClientCA,
		filepath.Join(kubernetesFolder, "kubelet.crt"):           files.Cert,
		filepath.Join(kubernetesFolder, "kubelet.key"):           files.Key,
		filepath.Join(kubernetesFolder, "kubelet.yaml"):          kubelet,
		filepath.Join(kubernetesFolder, "resolv.conf"):           []byte("nameserver " + n.place.Address() + "\n"),
		filepath.Join(containerdFolder, "config.toml"):           []byte(containerdConfig),
		filepath.Join(cniFolder, cniFile):                        n.cniConfig(),
	} {
		file := filepath.Join(n.Dir(), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, content, 0o600)); err != nil {
			return err
		}
	}
	for _, disk := range []string{nodeDisk, imageDisk} {
		file := filepath.Join(n.Dir(), disk+".ext4")
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, diskMiB<<20)); err != nil {
			return err
		}
		if out, err := exec.CommandContext(ctx, "mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", file).CombinedOutput(); err != nil {
			return fmt.Errorf("mkfs.ext4: %w: %s", err, out)
		}
	}
	return nil
}

// boot starts the node's first process, and enters its namespaces.
func (n *Node) boot(ctx context.Context) error {
	s := spec{Name: n.Name, Dir: n.Dir(), Cgroup: n.cgroup(), Programs: map[string]string{}}
	for _, name := range []string{labProgram, containerdProgram, shimProgram, ctrProgram} {
		s.Programs[name] = filepath.Join(n.place.programs, name)
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	file := filepath.Join(n.Dir(), "spec.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	start := func(cmd *exec.Cmd) error {
		cmd.SysProcAttr.Cloneflags = namespaces
		return cmd.Start()
	}
	booted := func(context.Context) error {
		_, err := os.Stat(filepath.Join(n.Dir(), readyFile))
		return err
	}
	command := []string{filepath.Join(n.place.programs, labProgram), InitCommand, file}
	n.init = cluster.NewProcess(command, n.cluster.LogDir(), n.Name+"-init", start, booted)
	if err := n.init.Start(ctx); err != nil {
		return err
	}
	n.inside, err = enter(n.init.Pid(), filepath.Join(n.cgroup(), systemCgroup))
	return err
}

// connect gives the node its network: to the other nodes and to the machine by the
// bridge, and to the pods of other nodes by these.
func (n *Node) connect(ctx context.Context) error {
	p, outer := n.place, fmt.Sprintf("%s-%d", n.place.bridge(), n.number)
	if err := ip(ctx,
		fmt.Sprintf("link add %s type veth peer name eth0 netns %d", outer, n.init.Pid()),
		fmt.Sprintf("link set %s master %s up", outer, p.bridge()),
		fmt.Sprintf("route replace %s via %s", n.podNetwork(), n.Address())); err != nil {
		return err
	}
	if err := n.ip(ctx,
		"link set lo up",
		fmt.Sprintf("address add %s/24 dev eth0", n.Address()),
		"link set eth0 up",
		// There is no way out, but Services must look as if there was one to them.
		fmt.Sprintf("route add %s via %s", p.ServiceNetwork(), p.Address())); err != nil {
		return err
	}
	if n.number == 0 {
		if err := ip(ctx, fmt.Sprintf("route replace %s via %s", p.ServiceNetwork(), n.Address())); err != nil {
			return err
		}
	}
	for _, other := range p.nodes[:n.number] {
		if err := errors.Join(
			n.ip(ctx, fmt.Sprintf("route add %s via %s", other.podNetwork(), other.Address())),
			other.ip(ctx, fmt.Sprintf("route add %s via %s", n.podNetwork(), n.Address()))); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) ip(ctx context.Context, commands ...string) error {
	for _, c := range commands {
		if _, err := n.Run(ctx, "sh", "-c", "ip "+c); err != nil {
			return err
		}
	}
	return nil
}

// Run runs a program on the node to its end, and returns what it prints.
func (n *Node) Run(ctx context.Context, command ...string) ([]byte, error) {
	return n.inside.run(ctx, command...)
}

// Dial connects to an address as processes of the node do.
func (n *Node) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.inside.dial(ctx, network, address)
}

// ready fails unless the node is ready.
func (n *Node) ready(ctx context.Context) error {
	node, err := n.cluster.Client().CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			return fmt.Errorf("node %s: %s %s: %s", n.Name, c.Status, c.Reason, c.Message)
		}
	}
	if len(node.Spec.Taints) > 0 || len(node.Status.Conditions) == 0 {
		return fmt.Errorf("node %s has taints %v and %d conditions", n.Name, node.Spec.Taints, len(node.Status.Conditions))
	}
	return nil
}

// stop ends all processes of the node.
func (n *Node) stop() {
	if n.init == nil {
		return
	}
	n.init.Kill() // and with it, the kernel kills the others
	for _, p := range []*cluster.Process{n.Proxy, n.Kubelet, n.Containerd} {
		if p != nil {
			p.Kill()
		}
	}
	if n.inside != nil {
		n.inside.leave()
	}
}
