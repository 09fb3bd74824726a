package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Cluster is a running control plane with hollow nodes.
type Cluster struct {
	options   Options
	temporary bool
	lock      *os.File
	files     files
	ports     ports
	rest      *rest.Config
	client    *kubernetes.Clientset
	order     []*Process
	processes map[string]*Process
	kubelets  []*Kubelet
	nodes     *nodeAddresses
	valves    valves
	reviver   *reviver
	failed    bool
}

// ports are those of the components, which they keep over restarts.
type ports struct{ etcd, etcdPeer, apiServer, controllerManager, scheduler int }

// Start starts a cluster and returns when its nodes are ready. On an error
// everything is stopped and the logs are kept.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	o.fill()
	if o.Binary == "" {
		return nil, fmt.Errorf("no lab binary: set %s, or run make e2e", BinaryEnv)
	}
	c := &Cluster{options: o, processes: map[string]*Process{}}
	if err := c.start(ctx); err != nil {
		c.Fail()
		c.Stop()
		return nil, fmt.Errorf("%w (logs in %s)", err, c.LogDir())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	if err := c.prepare(ctx); err != nil {
		return err
	}
	for _, p := range c.order {
		c.options.Logf("starting %s", p.Name())
		if err := p.Start(ctx); err != nil {
			return err
		}
	}
	if c.options.Revive {
		c.reviver = revive(ctx, c.order, c.options.Logf)
	}
	c.nodes = followNodes(context.WithoutCancel(ctx), c.client)
	for _, k := range c.kubelets {
		if err := k.Process.launch(); err != nil {
			return fmt.Errorf("start %s: %w", k.Name, err)
		}
	}
	for _, k := range c.kubelets {
		c.options.Logf("waiting for %s", k.Name)
		if err := k.Process.WaitReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the folders, keys and command lines.
func (c *Cluster) prepare(ctx context.Context) error {
	if err := c.takeFolder(); err != nil {
		return err
	}
	free, err := FreePorts(ctx, 5+c.options.Nodes)
	if err != nil {
		return err
	}
	c.ports = ports{free[0], free[1], free[2], free[3], free[4]}
	if c.files, err = writeFiles(c.options.Dir, c.server(), net.ParseIP(c.options.Address), first(c.options.ServiceNetwork)); err != nil {
		return err
	}
	if c.rest, err = clientcmd.BuildConfigFromFlags("", c.files.admin); err != nil {
		return fmt.Errorf("admin's kubeconfig: %w", err)
	}
	if err := loadFiles(c.rest); err != nil {
		return err
	}
	c.rest.QPS, c.rest.Burst = 500, 1000
	if c.client, err = kubernetes.NewForConfig(c.rest); err != nil {
		return fmt.Errorf("admin's client: %w", err)
	}
	if err := c.addValves(ctx); err != nil {
		return err
	}
	c.addControlPlane()
	for i := range c.options.Nodes {
		k, err := c.newKubelet(nodeName(i), free[5+i])
		if err != nil {
			return err
		}
		c.kubelets = append(c.kubelets, k)
		c.processes[k.Name] = k.Process
	}
	return nil
}

// loadFiles takes the files into the configuration that it names: clients look again and
// again at those with certificates, and complain of it for ever once they are removed.
func loadFiles(config *rest.Config) error {
	if err := rest.LoadTLSFiles(config); err != nil {
		return fmt.Errorf("admin's certificate: %w", err)
	}
	config.CAFile, config.CertFile, config.KeyFile = "", "", ""
	return nil
}

// Stop ends every process and removes what Start made, but for the logs of a
// cluster that failed.
func (c *Cluster) Stop() {
	if c.reviver != nil {
		c.reviver.stop()
	}
	if c.nodes != nil {
		c.nodes.stop()
	}
	for _, k := range c.kubelets {
		k.Process.Kill()
	}
	for i := len(c.order) - 1; i >= 0; i-- {
		c.order[i].Kill()
	}
	c.valves.close()
	c.leaveFolder()
}

// Fail makes Stop keep the folder with the logs.
func (c *Cluster) Fail() { c.failed = true }

// Dir is the folder with the cluster's state.
func (c *Cluster) Dir() string { return c.options.Dir }

// LogDir is the folder with one log per process.
func (c *Cluster) LogDir() string { return filepath.Join(c.options.Dir, "logs") }

// AdminKubeconfig is the kubeconfig file of a cluster administrator.
func (c *Cluster) AdminKubeconfig() string { return c.files.admin }

// CAFile holds the authority of the API server's serving certificate.
func (c *Cluster) CAFile() string { return c.files.caFile }

// KubeletCAFile holds the authority of the kubelets' serving certificates,
// which is not the API server's.
func (c *Cluster) KubeletCAFile() string { return c.files.kubeletCA }

// RESTConfig returns the administrator's configuration.
func (c *Cluster) RESTConfig() *rest.Config { return rest.CopyConfig(c.rest) }

// Client is the administrator's client.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Process returns a component by its name, or the kubelet of a node; nil if
// there is none of that name.
func (c *Cluster) Process(name string) *Process { return c.processes[name] }

// Kubelets are the hollow kubelets in the order of their names.
func (c *Cluster) Kubelets() []*Kubelet { return c.kubelets }

func (c *Cluster) server() string {
	return fmt.Sprintf("https://%s:%d", c.options.Address, c.ports.apiServer)
}

// first is the first address of an IPv4 network.
func first(n *net.IPNet) net.IP {
	ip := slices.Clone(n.IP.To4())
	ip[3]++
	return ip
}

// nodeReady fails unless the node is ready, has its address and no taint.
func (c *Cluster) nodeReady(ctx context.Context, name string) error {
	node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(node.Spec.Taints) > 0 {
		return fmt.Errorf("node %s has taint %s", name, node.Spec.Taints[0].Key)
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			if condition.Status == corev1.ConditionTrue {
				return nil
			}
			return fmt.Errorf("node %s: %s", name, condition.Message)
		}
	}
	return fmt.Errorf("node %s has no Ready condition", name)
}

// The ports of the lab lie below those that Linux gives to connections: a
// component that is down must find its port free when it is started again.
const firstPort, lastPort = 20000, 32000

// FreePorts returns ports of 127.0.0.1 that no program used a moment ago.
func FreePorts(ctx context.Context, n int) ([]int, error) {
	var numbers []int
	for range 100 * n {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer func() { _ = l.Close() }()
		if numbers = append(numbers, port); len(numbers) == n {
			return numbers, nil
		}
	}
	return nil, fmt.Errorf("no %d free ports from %d to %d", n, firstPort, lastPort)
}

// Eventually calls check until it returns nil; it fails with check's last error
// when within has passed or ctx ends.
func Eventually(ctx context.Context, within time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var before error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil && before != nil {
			// What was cut short tells less than the one that was not.
			return fmt.Errorf("not within %s: %w\nthe one after that was cut short: %w", within, before, err)
		}
		before = err
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", within, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
