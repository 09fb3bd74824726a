//go:build linux

package realnode

import (
	"bytes"
	"context"
	_ "embed" // the manifests
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/manifests"
)

// waitForPods is for starting containers on a machine that does much else.
const waitForPods = 3 * time.Minute

//go:embed coredns.yaml
var corednsManifest []byte

// AddDNS installs cluster DNS as kubeadm does, and waits until one of its pods is
// ready.
func (p *Place) AddDNS(ctx context.Context, c *cluster.Cluster) error {
	for _, n := range p.nodes {
		if err := n.Import(ctx, CoreDNS(p.programs)); err != nil {
			return err
		}
	}
	objects, err := manifests.Decode(bytes.ReplaceAll(corednsManifest, []byte("DNS_ADDRESS"), []byte(p.dnsAddress())))
	if err != nil {
		return err
	}
	if err := manifests.Apply(ctx, c.RESTConfig(), objects...); err != nil {
		return fmt.Errorf("install cluster DNS: %w", err)
	}
	return WaitPods(ctx, c, metav1.NamespaceSystem, "k8s-app=kube-dns")
}

// WaitPods waits until there are pods of that selector, and all are ready.
func WaitPods(ctx context.Context, c *cluster.Cluster, namespace, selector string) error {
	return cluster.Eventually(ctx, waitForPods, func(ctx context.Context) error {
		pods, err := c.Client().CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return err
		}
		if len(pods.Items) == 0 {
			return fmt.Errorf("no pods of %s in %s", selector, namespace)
		}
		for i := range pods.Items {
			if err := podReady(&pods.Items[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func podReady(pod *corev1.Pod) error {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return nil
		}
	}
	said := ""
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Waiting != nil {
			said += " " + s.State.Waiting.Reason + ": " + s.State.Waiting.Message
		}
	}
	return fmt.Errorf("pod %s is %s and not ready%s", pod.Name, pod.Status.Phase, said)
}
