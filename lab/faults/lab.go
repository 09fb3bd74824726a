package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// Lab is a cluster that lacks nothing, and that faults act on. Its methods are safe for
// concurrent use.
type Lab struct {
	*cluster.Cluster
	// DNS is cluster DNS and Upstream what it forwards to; nil where there is no CoreDNS.
	DNS, Upstream *cluster.CoreDNS
	// Exporter is the kubevitals that watches the lab; nil if whoever started the lab has
	// none.
	Exporter Program

	metricsAPI *cluster.MetricsAPI

	mu       sync.Mutex
	healings map[string]healing
}

// Program is one that can be ended and started again.
type Program interface {
	Stop()
	Start(context.Context) error
}

const (
	// Outside is the one name that is known outside of the cluster.
	Outside = "registry.example"
	// workload is the name of a Deployment and of its autoscaler, which are well.
	workload = "web"
	// zoneB has the second half of the nodes.
	zoneA, zoneB = "zone-a", "zone-b"
	// quotaBytes is etcd's where none is asked for: a fault fills it.
	quotaBytes = 64 << 20
	quotaFlag  = "--quota-backend-bytes="
)

// Start starts a cluster of two zones with a metrics API, an autoscaler and, if its binary
// is known by cluster.CoreDNSEnv, DNS.
func Start(ctx context.Context, o cluster.Options) (*Lab, error) {
	o.Valves, o.Revive = true, true
	if !slices.ContainsFunc(o.EtcdArgs, func(arg string) bool { return strings.HasPrefix(arg, quotaFlag) }) {
		o.EtcdArgs = append(slices.Clone(o.EtcdArgs), fmt.Sprint(quotaFlag, quotaBytes))
	}
	c, err := cluster.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	l := &Lab{Cluster: c, healings: map[string]healing{}}
	if err := l.furnish(ctx); err != nil {
		l.Stop()
		return nil, err
	}
	return l, nil
}

// Stop ends everything.
func (l *Lab) Stop() {
	if l.metricsAPI != nil {
		l.metricsAPI.Close()
	}
	for _, server := range []*cluster.CoreDNS{l.DNS, l.Upstream} {
		if server != nil {
			server.Kill()
		}
	}
	l.Cluster.Stop()
}

func (l *Lab) furnish(ctx context.Context) error {
	kubelets := l.Kubelets()
	for i, k := range kubelets {
		zone := zoneA
		if 2*i >= len(kubelets) {
			zone = zoneB
		}
		patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, corev1.LabelTopologyZone, zone)
		if _, err := l.Client().CoreV1().Nodes().Patch(ctx, k.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("zone of %s: %w", k.Name, err)
		}
	}
	if err := l.serveMetrics(ctx); err != nil {
		return err
	}
	if err := l.makeAutoscaler(ctx, workload, "200m"); err != nil {
		return err
	}
	if err := l.makeAddon(ctx); err != nil {
		return err
	}
	if os.Getenv(cluster.CoreDNSEnv) == "" {
		return nil
	}
	var err error
	if l.Upstream, err = l.StartHosts(ctx, "dns-upstream", Outside, "192.0.2.1"); err != nil {
		return err
	}
	l.DNS, err = l.StartCoreDNS(ctx, "dns", l.Upstream.Address, "")
	return err
}

// nodeNames are the names of all nodes.
func (l *Lab) nodeNames() []string {
	var names []string
	for _, k := range l.Kubelets() {
		names = append(names, k.Name)
	}
	return names
}

// first is the node on which pods are ill.
func (l *Lab) first() *cluster.Kubelet { return l.Kubelets()[0] }

// last is the node that faults of one node strike: the pods of addons are elsewhere, or on
// all of them.
func (l *Lab) last() *cluster.Kubelet {
	kubelets := l.Kubelets()
	return kubelets[len(kubelets)-1]
}

// makeAddon makes the Deployment of cluster DNS, whose containers exist in name only.
func (l *Lab) makeAddon(ctx context.Context) error {
	two, no, labels := int32(2), false, map[string]string{"k8s-app": "kube-dns"}
	_, err := l.Client().AppsV1().Deployments(metav1.NamespaceSystem).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "coredns", Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{AutomountServiceAccountToken: &no, Containers: []corev1.Container{{Name: "coredns", Image: "registry.example/coredns"}},
					NodeSelector: map[string]string{corev1.LabelTopologyZone: zoneA}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("cluster DNS: %w", err)
	}
	return nil
}

// Flags make a kubevitals see all that the lab has.
func (l *Lab) Flags() []string {
	flags := []string{"--kubelet.ca-file=" + l.KubeletCAFile(), "--collector.etcd", "--collector.etcd.endpoints=" + l.EtcdURL()}
	if l.DNS != nil {
		flags = append(flags, "--no-collector.dns.discovery", "--collector.dns.server="+l.DNS.Address, "--collector.dns.external-name="+Outside)
	}
	return flags
}

// process returns a component of the control plane.
func (l *Lab) process(name string) (*cluster.Process, error) {
	p := l.Process(name)
	if p == nil {
		return nil, fmt.Errorf("%s: %w", name, errMissing)
	}
	return p, nil
}

// kill ends processes; healing starts them again and waits until all are ready.
func kill(processes ...*cluster.Process) healing {
	for _, p := range processes {
		p.Kill()
	}
	return func(ctx context.Context) error {
		for _, p := range processes {
			if err := p.Launch(); err != nil {
				return err
			}
		}
		for _, p := range processes {
			if err := p.WaitReady(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// hang stops processes without ending them; healing lets them go on.
func hang(processes ...*cluster.Process) (healing, error) {
	for _, p := range processes {
		if err := p.Pause(); err != nil {
			return nil, err
		}
	}
	return func(context.Context) error {
		var errs []error
		for _, p := range processes {
			errs = append(errs, p.Resume())
		}
		return errors.Join(errs...)
	}, nil
}

// eventually waits for something for as long as the context lasts.
func eventually(ctx context.Context, check func(context.Context) error) error {
	return cluster.Eventually(ctx, time.Hour, check)
}
