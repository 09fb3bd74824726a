package cluster

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// addControlPlane declares the components in the order in which they start.
func (c *Cluster) addControlPlane() {
	c.add(Etcd, c.etcdArgs(filepath.Join(c.options.Dir, "etcd")), c.etcdReady)
	c.add(APIServer, c.apiServerArgs(c.ports.apiServer, c.etcdServer()), c.apiServerReady)
	c.add(ControllerManager, c.controllerManagerArgs(), c.controllerManagerReady)
	if !c.options.WithoutScheduler {
		c.add(Scheduler, c.schedulerArgs(), c.holdsLease("kube-scheduler"))
	}
}

func (c *Cluster) add(name string, args []string, ready func(context.Context) error) {
	p := newProcess(c.options.Binary, c.LogDir(), name, append([]string{name}, args...), ready)
	c.order = append(c.order, p)
	c.processes[name] = p
}

// EtcdURL is where etcd serves its clients, in the clear.
func (c *Cluster) EtcdURL() string { return fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcd) }

func (c *Cluster) etcdArgs(dataDir string) []string {
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdPeer)
	return append([]string{
		"--name=lab", "--data-dir=" + dataDir,
		"--listen-client-urls=" + c.EtcdURL(), "--advertise-client-urls=" + c.EtcdURL(),
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=lab=" + peer,
		"--unsafe-no-fsync", // nothing here outlives the machine
		"--log-level=warn",
	}, c.options.EtcdArgs...)
}

func (c *Cluster) etcdReady(ctx context.Context) error {
	return answersOK(ctx, c.EtcdURL()+"/health")
}

func (c *Cluster) apiServerArgs(port int, etcd string) []string {
	f, reconciler := c.files, "lease"
	if net.ParseIP(c.options.Address).IsLoopback() {
		reconciler = "none" // an EndpointSlice may not hold a loopback address
	}
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=" + c.options.Address, fmt.Sprintf("--secure-port=%d", port),
		"--advertise-address=" + c.options.Address, "--endpoint-reconciler-type=" + reconciler,
		"--tls-cert-file=" + f.serving.cert, "--tls-private-key-file=" + f.serving.key,
		"--client-ca-file=" + f.caFile,
		// Nothing resolves the names of nodes.
		"--kubelet-certificate-authority=" + f.anyKubeletCA, "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + f.kubeletClient.cert, "--kubelet-client-key=" + f.kubeletClient.key,
		"--proxy-client-cert-file=" + f.frontProxy.cert, "--proxy-client-key-file=" + f.frontProxy.key,
		"--requestheader-client-ca-file=" + f.frontProxyCA, "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + f.signing.cert, "--service-account-signing-key-file=" + f.signing.key,
		"--service-cluster-ip-range=" + c.options.ServiceNetwork.String(),
		"--authorization-mode=Node,RBAC",
		"--v=1",
	}
}

func (c *Cluster) apiServerReady(ctx context.Context) error {
	return c.client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

func (c *Cluster) controllerManagerArgs() []string {
	f := c.files
	return append([]string{
		"--kubeconfig=" + f.controllerManager,
		"--authentication-skip-lookup", "--authorization-always-allow-paths=/healthz,/metrics",
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.ports.controllerManager),
		"--cert-dir=" + filepath.Join(c.options.Dir, "controller-manager"),
		"--service-account-private-key-file=" + f.signing.key, "--root-ca-file=" + f.caFile,
		"--use-service-account-credentials",
		"--horizontal-pod-autoscaler-sync-period=3s",
		"--v=1",
	}, c.options.ControllerManagerArgs...)
}

// controllerManagerReady waits for the service account that every pod needs.
func (c *Cluster) controllerManagerReady(ctx context.Context) error {
	_, err := c.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

func (c *Cluster) schedulerArgs() []string {
	return []string{
		"--kubeconfig=" + c.files.scheduler,
		"--authentication-skip-lookup", "--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics",
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.ports.scheduler),
		"--cert-dir=" + filepath.Join(c.options.Dir, "scheduler"),
		"--v=1",
	}
}

func (c *Cluster) holdsLease(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		lease, err := c.client.CoordinationV1().Leases(metav1.NamespaceSystem).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
			return fmt.Errorf("no holder of lease %s", name)
		}
		return nil
	}
}
