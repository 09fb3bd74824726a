package faults

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func pods() []Fault {
	waits := func(reason string) Sign {
		return Sign{Metric: "pending_pods_pods", Labels: map[string]string{"reason": reason}, Value: 1}
	}
	return []Fault{
		{
			Name: "pod-unschedulable", What: "a pod wants a label that no node has",
			Alert: "KubeVitalsPodsUnschedulable", Watched: true, Sign: waits("unschedulable"),
			inject: waitingPod("unschedulable", false, func(p *corev1.PodSpec) { p.NodeSelector = map[string]string{"no": "such"} }),
		},
		{
			Name: "pod-image", What: "the image of a pod is not on its node, and may not be pulled",
			Alert: "KubeVitalsPodImagesFailing", Sign: waits("image"),
			inject: waitingPod("image", true, func(p *corev1.PodSpec) {
				p.Containers[0].Image, p.Containers[0].ImagePullPolicy = "registry.example/missing", corev1.PullNever
			}),
		},
		{
			Name: "pod-setup", What: "a pod wants a value of a ConfigMap that does not exist",
			Alert: "KubeVitalsPodSetupFailing", Sign: waits("container_setup"),
			inject: waitingPod("setup", true, func(p *corev1.PodSpec) { p.Containers[0].Env = ConfigMapEnv("missing") }),
		},
		{
			Name: "pod-network", What: "the runtime of a node cannot give pods a network",
			Alert: "KubeVitalsPodNetworkFailing", Sign: waits("network"), inject: failSandboxes,
		},
		{
			Name: "pod-held", What: "a finalizer holds a pod that was deleted, and no controller removes it",
			Alert: "KubeVitalsPodsHeldByFinalizer", Watched: true,
			Sign: Sign{Metric: "terminating_pods_terminating", Value: 1}, inject: holdPod,
		},
	}
}

// ConfigMapEnv takes a variable of the environment from a ConfigMap.
func ConfigMapEnv(name string) []corev1.EnvVar {
	return []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{
		ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "k"},
	}}}
}

// podSpec is one of a container of an image that runs for ever, with what is changed.
func podSpec(change func(*corev1.PodSpec)) corev1.PodSpec {
	no := false
	spec := corev1.PodSpec{AutomountServiceAccountToken: &no, Containers: []corev1.Container{{Name: "c", Image: "registry.example/runs"}}}
	if change != nil {
		change(&spec)
	}
	return spec
}

// makePod makes one in the namespace default, and returns what deletes it at once.
func (l *Lab) makePod(ctx context.Context, name string, finalizers []string, change func(*corev1.PodSpec)) (healing, error) {
	client := l.Client().CoreV1().Pods(metav1.NamespaceDefault)
	_, err := client.Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Finalizers: finalizers}, Spec: podSpec(change)}, metav1.CreateOptions{})
	var made undo
	made.add("pod "+name, err, func(ctx context.Context, _ string, o metav1.DeleteOptions) error { return client.Delete(ctx, name, o) })
	return made.remove, made.failed(ctx)
}

// waitingPod makes one that waits for ever, on the first node or where no scheduler puts it.
func waitingPod(name string, placed bool, change func(*corev1.PodSpec)) func(context.Context, *Lab) (healing, error) {
	return func(ctx context.Context, l *Lab) (healing, error) {
		return l.makePod(ctx, "waits-"+name, nil, func(p *corev1.PodSpec) {
			if placed {
				p.NodeName = l.first().Name
			}
			change(p)
		})
	}
}

func failSandboxes(ctx context.Context, l *Lab) (healing, error) {
	k := l.first()
	if err := k.FailSandboxes(true); err != nil {
		return nil, err
	}
	remove, err := l.makePod(ctx, "waits-network", nil, func(p *corev1.PodSpec) { p.NodeName = k.Name })
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if err := k.FailSandboxes(false); err != nil {
			return err
		}
		return remove(ctx)
	}, nil
}

func holdPod(ctx context.Context, l *Lab) (healing, error) {
	const name = "held"
	remove, err := l.makePod(ctx, name, []string{"example.com/wait"}, func(p *corev1.PodSpec) { p.NodeName = l.first().Name })
	if err != nil {
		return nil, err
	}
	client := l.Client().CoreV1().Pods(metav1.NamespaceDefault)
	err = eventually(ctx, func(ctx context.Context) error {
		p, err := client.Get(ctx, name, metav1.GetOptions{})
		if err == nil && p.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("pod %s is %s", name, p.Status.Phase)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := remove(ctx); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		_, err := client.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		return err
	}, nil
}
