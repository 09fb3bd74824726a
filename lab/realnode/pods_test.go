//go:build linux

package realnode

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// podFailures are those of single pods, on a node that is well.
func podFailures() []failure {
	crashing := "KubeVitalsAddonCrashLooping{addon=metrics-server"
	return []failure{
		{
			name: "image that does not exist", do: addPod(pod("absent", "registry.example/lab/absent:v1")), undo: removePod("absent"),
			told: []told{{alert: "KubeVitalsPodImagesFailing{node=real-0"}},
		},
		{
			name: "crash loop with exit code", do: addPod(addon("64Mi", "exit", "3")), undo: removeAddon,
			told: []told{{alert: crashing, because: "1 ended with Error"}},
		},
		{
			name: "memory limit hit", do: addPod(addon("64Mi", "eat", "256")), undo: removeAddon,
			told: []told{{alert: crashing, because: "1 ended with OOMKilled"}},
		},
		{
			name: "runtime handler that is not configured",
			do:   both(addRuntimeClass, addPod(pod("sandboxed", ProgramsImage, func(p *corev1.Pod) { p.Spec.RuntimeClassName = ptr.To("absent") }))),
			undo: both(removePod("sandboxed"), func(ctx context.Context, l *lab) error {
				return l.Client().NodeV1().RuntimeClasses().Delete(ctx, "absent", metav1.DeleteOptions{})
			}),
			told: []told{{alert: noSandbox, because: "does not know the handler that its RuntimeClass names"}},
		},
	}
}

// noSandbox is the alert of pods that get none.
const noSandbox = "KubeVitalsPodNetworkFailing{node=real-0"

// pod is one of a single container in the namespace default, unless it is changed.
func pod(name, image string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	for _, c := range change {
		c(p)
	}
	return p
}

// addon is a pod that passes for metrics-server, and runs one of the lab's programs;
// an empty limit of memory is none.
func addon(limit string, args ...string) *corev1.Pod {
	return pod("metrics-server", ProgramsImage, func(p *corev1.Pod) {
		p.Namespace, p.Labels = metav1.NamespaceSystem, map[string]string{"k8s-app": "metrics-server"}
		p.Spec.Containers[0].Args = args
		if limit != "" {
			p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(limit)}
		}
	})
}

func addPod(p *corev1.Pod) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		_, err := l.Client().CoreV1().Pods(p.Namespace).Create(ctx, p, metav1.CreateOptions{})
		return err
	}
}

// now deletes without a grace period, also where no kubelet confirms it.
func now() metav1.DeleteOptions { return metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)} }

func removePod(name string) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		return l.Client().CoreV1().Pods(metav1.NamespaceDefault).Delete(ctx, name, now())
	}
}

func removeAddon(ctx context.Context, l *lab) error {
	return l.Client().CoreV1().Pods(metav1.NamespaceSystem).Delete(ctx, "metrics-server", now())
}

// addRuntimeClass names a handler that the runtime of no node has.
func addRuntimeClass(ctx context.Context, l *lab) error {
	class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "absent"}, Handler: "absent"}
	_, err := l.Client().NodeV1().RuntimeClasses().Create(ctx, class, metav1.CreateOptions{})
	return err
}

// addressOfDNS is that of a pod of cluster DNS.
func (l *lab) addressOfDNS(ctx context.Context) (string, error) {
	pods, err := l.Client().CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
	if err != nil {
		return "", err
	}
	for _, p := range pods.Items {
		if p.Status.PodIP != "" {
			return p.Status.PodIP, nil
		}
	}
	return "", fmt.Errorf("no pod of cluster DNS has an address")
}
