package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

// startupTaint is what the agent of a network takes away when it is ready.
const startupTaint = "node.cilium.io/agent-not-ready"

func nodes() []Fault {
	notReady := func(cause string) Sign {
		return Sign{Metric: "node_readiness_not_ready", Labels: map[string]string{"cause": cause}, Value: 1}
	}
	return []Fault{
		{
			Name: "kubelet-killed", What: "the kubelet of one node ends and is not started again",
			Alert: "KubeVitalsNodeNotReady", Sign: notReady("kubelet_dead"), inject: ofKubelets(lastNode, killKubelets),
		},
		{
			Name: "kubelet-hung", What: "the kubelet of one node is stopped (SIGSTOP)",
			Alert: "KubeVitalsNodeNotReady", Sign: notReady("kubelet_hung"), inject: ofKubelets(lastNode, hangKubelets),
		},
		{
			Name: "kubelet-cut-off", What: "what a kubelet and the API server send each other is lost, and no connection ends; others reach the kubelet",
			Alert: "KubeVitalsNodeNotReady", Sign: notReady("kubelet_cut_off"), inject: ofKubelets(lastNode, cutKubelets),
		},
		{
			Name: "kubelets-hung", What: "the kubelets of three nodes are stopped (SIGSTOP)",
			Alert: "KubeVitalsNodesNotReady", Sign: notReady("kubelet_hung"), inject: ofKubelets(lastThree, hangKubelets),
		},
		{
			Name: "zone-down", What: "the kubelets of all nodes of a zone end at once",
			Alert: "KubeVitalsNodesNotReady", Sign: notReady("kubelet_dead"), inject: ofKubelets(zone, killKubelets),
		},
		{
			Name: "kubelet-restarting", What: "the kubelet of a node is started again and again",
			Alert: "KubeVitalsKubeletRestartLoop", inject: loopKubelet,
		},
		{
			Name: "clock-off", What: "the clock of a node is ahead by 90 s",
			Alert: "KubeVitalsNodeClockOff", Sign: Sign{Metric: "node_clock_offset_seconds", Any: true}, inject: setClock,
		},
		{
			Name: "disk-full", What: "2 % of the disk of a node are left",
			Alert: "KubeVitalsNodeDiskPressure",
			Sign:  Sign{Metric: "node_disk_pressure", Value: 1}, inject: fillDisk,
		},
		{
			Name: "node-network-unavailable", What: "the cloud controller says of a node that its network is unavailable",
			Alert: "KubeVitalsNodeNetworkUnavailable", Watched: true,
			Sign:   Sign{Metric: "node_degraded_condition", Labels: map[string]string{"condition": "NetworkUnavailable"}, Value: 1},
			inject: loseNetwork,
		},
		{
			Name: "node-startup-taint", What: "no agent of the network takes its taint from a node",
			Alert: "KubeVitalsNodeStartupTaint", Labels: map[string]string{"taint": startupTaint}, Watched: true,
			Sign: Sign{Metric: "node_degraded_startup_taint_nodes", Labels: map[string]string{"state": "tainted"}, Value: 1}, inject: taintNode,
		},
		{
			Name: "garbage-collection-failing", What: "a kubelet says in events again and again that it cannot free its disk",
			Alert: "KubeVitalsGarbageCollectionFailing", inject: failGarbageCollection,
		},
	}
}

func lastNode(l *Lab) []*cluster.Kubelet  { return l.Kubelets()[len(l.Kubelets())-1:] }
func lastThree(l *Lab) []*cluster.Kubelet { return l.Kubelets()[max(0, len(l.Kubelets())-3):] }
func zone(l *Lab) []*cluster.Kubelet      { return l.Kubelets()[(len(l.Kubelets())+1)/2:] }

// ofKubelets does something to some of the kubelets.
func ofKubelets(which func(*Lab) []*cluster.Kubelet, do func(*Lab, []*cluster.Kubelet) (healing, error)) func(context.Context, *Lab) (healing, error) {
	return func(_ context.Context, l *Lab) (healing, error) { return do(l, which(l)) }
}

func processesOf(kubelets []*cluster.Kubelet) []*cluster.Process {
	var all []*cluster.Process
	for _, k := range kubelets {
		all = append(all, k.Process)
	}
	return all
}

func killKubelets(_ *Lab, kubelets []*cluster.Kubelet) (healing, error) {
	return kill(processesOf(kubelets)...), nil
}

func hangKubelets(_ *Lab, kubelets []*cluster.Kubelet) (healing, error) {
	return hang(processesOf(kubelets)...)
}

func cutKubelets(l *Lab, kubelets []*cluster.Kubelet) (healing, error) {
	for _, k := range kubelets {
		l.KubeletValve(k.Name).Shut()
	}
	return func(context.Context) error {
		for _, k := range kubelets {
			l.KubeletValve(k.Name).Open()
		}
		return nil
	}, nil
}

// loopKubelet ends a kubelet six times, each time when it has been ready.
func loopKubelet(ctx context.Context, l *Lab) (healing, error) {
	p := l.last().Process
	looping, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for looping.Err() == nil {
			p.Kill()
			if err := p.Start(looping); err != nil {
				return
			}
			select {
			case <-looping.Done():
			case <-time.After(5 * time.Second):
			}
		}
	}()
	return func(ctx context.Context) error {
		stop()
		<-done
		if !p.Running() {
			return p.Start(ctx)
		}
		return nil
	}, nil
}

func setClock(_ context.Context, l *Lab) (healing, error) {
	k := l.last()
	return func(context.Context) error { return k.SetClock(0) }, k.SetClock(90 * time.Second)
}

func fillDisk(_ context.Context, l *Lab) (healing, error) {
	k, full := l.last(), hollow.Healthy()
	full.NodeFS.AvailableBytes = full.NodeFS.CapacityBytes / 50
	return func(context.Context) error { return k.SetFilesystems(hollow.Healthy()) }, k.SetFilesystems(full)
}

func loseNetwork(ctx context.Context, l *Lab) (healing, error) {
	node, client := l.last().Name, l.Client()
	return func(ctx context.Context) error {
		return SetCondition(ctx, client, node, corev1.NodeNetworkUnavailable, corev1.ConditionFalse, "RouteCreated")
	}, SetCondition(ctx, client, node, corev1.NodeNetworkUnavailable, corev1.ConditionTrue, "NoRouteCreated")
}

// SetCondition writes a condition into the status of a node. A kubelet leaves those that
// it does not set itself alone, and corrects its own within its next status.
func SetCondition(ctx context.Context, client kubernetes.Interface, node string, kind corev1.NodeConditionType, status corev1.ConditionStatus, reason string) error {
	now := metav1.Now()
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []corev1.NodeCondition{{
		Type: kind, Status: status, Reason: reason, Message: "as the lab says", LastHeartbeatTime: now, LastTransitionTime: now,
	}}}})
	if err != nil {
		return err
	}
	if _, err = client.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		return fmt.Errorf("condition %s of %s: %w", kind, node, err)
	}
	return nil
}

// ChangeTaints changes the taints of a node, whoever else changes the node meanwhile.
func ChangeTaints(ctx context.Context, client kubernetes.Interface, node string, change func([]corev1.Taint) []corev1.Taint) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		n, err := client.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		if err != nil {
			return err
		}
		n.Spec.Taints = change(n.Spec.Taints)
		_, err = client.CoreV1().Nodes().Update(ctx, n, metav1.UpdateOptions{})
		return err
	})
}

func taintNode(ctx context.Context, l *Lab) (healing, error) {
	node, client := l.last().Name, l.Client()
	agent := corev1.Taint{Key: startupTaint, Effect: corev1.TaintEffectNoSchedule}
	return func(ctx context.Context) error {
		return ChangeTaints(ctx, client, node, func(taints []corev1.Taint) []corev1.Taint {
			return slices.DeleteFunc(taints, func(t corev1.Taint) bool { return t.Key == startupTaint })
		})
	}, ChangeTaints(ctx, client, node, func(taints []corev1.Taint) []corev1.Taint { return append(taints, agent) })
}

// failGarbageCollection posts what a kubelet does whose disk is full of what it may not
// delete, every ten seconds: it counts on one event, as recorders do.
func failGarbageCollection(ctx context.Context, l *Lab) (healing, error) {
	node, events := l.last().Name, l.Client().CoreV1().Events(metav1.NamespaceDefault)
	now := metav1.Now()
	event, err := events.Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: node + "."},
		InvolvedObject: corev1.ObjectReference{Kind: "Node", Name: node, UID: types.UID(node)},
		Reason:         "FreeDiskSpaceFailed", Message: "Failed to garbage collect required amount of images. Attempted to free 1 bytes, but only found 0 bytes eligible to free.",
		Type: corev1.EventTypeWarning, Source: corev1.EventSource{Component: "kubelet", Host: node}, FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	repeating, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			event.Count++
			event.LastTimestamp = metav1.Now()
			if updated, err := events.Update(repeating, event, metav1.UpdateOptions{}); err == nil {
				event = updated
			}
			select {
			case <-repeating.Done():
				return
			case <-time.After(10 * time.Second):
			}
		}
	}()
	return func(ctx context.Context) error {
		stop()
		<-done
		return events.Delete(ctx, event.Name, metav1.DeleteOptions{})
	}, nil
}
