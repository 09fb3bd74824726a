//go:build linux

package realnode

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// resourceFailures are those of disks and memory.
func resourceFailures() []failure {
	pressure := told{alert: "KubeVitalsNodeDiskPressure{node=real-0"}
	return []failure{
		{
			// Other pods are there to be evicted: they asked for nothing of the disk. An image
			// that no pod has goes, too.
			name: "image disk full", do: both(both(on(addUnused), addBystanders), on(fillImages)),
			undo: both(on(emptyImages), removeBystanders), told: []told{pressure}, also: unusedIsRemoved,
		},
		{
			name: "pod evicted because it fills the disk", do: addPod(glutton()), undo: removePod("glutton"),
			told: []told{pressure},
		},
		{
			name: "memory of all pods used up", do: both(limitPods("512M"), addPod(addon("", "eat", "1024"))),
			undo: both(removeAddon, limitPods("-1")),
			told: []told{{alert: "KubeVitalsAddonCrashLooping{addon=metrics-server", because: "1 ended with OOMKilled"}},
		},
	}
}

// bystanders are pods enough to evict one whenever the kubelet looks, until the test has
// seen what it waits for: it removes images that it has seen before, at its second look.
const bystanders = 5

func bystander(i int) string { return fmt.Sprintf("bystander-%d", i) }

// addBystanders adds them and waits until they run: a pod that comes later is refused.
func addBystanders(ctx context.Context, l *lab) error {
	for i := range bystanders {
		p := pod(bystander(i), ProgramsImage, func(p *corev1.Pod) { p.Labels = map[string]string{"app": "bystander"} })
		if err := addPod(p)(ctx, l); err != nil {
			return err
		}
	}
	return WaitPods(ctx, l.Cluster, metav1.NamespaceDefault, "app=bystander")
}

func removeBystanders(ctx context.Context, l *lab) error {
	var errs []error
	for i := range bystanders {
		errs = append(errs, removePod(bystander(i))(ctx, l))
	}
	return errors.Join(errs...)
}

// unusedImage is one that no pod has, and that the runtime need not keep.
const unusedImage = "registry.example/lab/unused:v1"

// addUnused adds an image that is not the one of the other programs under another name,
// since the kubelet goes by what is in it.
func addUnused(ctx context.Context, n *Node) error {
	unused := Programs(n.place.programs)
	unused.Name, unused.User = unusedImage, "65534:65534"
	return n.Import(ctx, unused)
}

// unusedIsRemoved fails until the kubelet has removed the image that no pod has, and only
// images of that kind.
func unusedIsRemoved(ctx context.Context, l *lab) error {
	out, err := l.node.ctr(ctx, "images", "ls", "-q")
	if err != nil {
		return err
	}
	images := strings.Fields(string(out))
	if slices.Contains(images, unusedImage) {
		return fmt.Errorf("the image that no pod has is still there: %v", images)
	}
	for _, used := range []string{ProgramsImage, KubevitalsImage} {
		if !slices.Contains(images, used) {
			return fmt.Errorf("image %s is gone: %v", used, images)
		}
	}
	return nil
}

// filler is a file on the disk of images, as the node sees it.
var filler = filepath.Join("/var/lib/containerd", "filler")

// fillImages leaves 40 MiB of the disk of images.
func fillImages(ctx context.Context, n *Node) error {
	_, err := n.Run(ctx, "sh", "-c", "fallocate -l $(( $(stat -f -c '%a * %S' /var/lib/containerd) - (40 << 20) )) "+filler)
	return err
}

func emptyImages(ctx context.Context, n *Node) error {
	_, err := n.Run(ctx, "rm", filler)
	return err
}

// glutton writes more to its volume than leaves the disk of the kubelet in peace.
func glutton() *corev1.Pod {
	return pod("glutton", ProgramsImage, func(p *corev1.Pod) {
		c := &p.Spec.Containers[0]
		c.Args = []string{"fill", "/data/file", fmt.Sprint(diskMiB * 9 / 10)}
		c.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}
		p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	})
}

// limitPods limits what all pods of the node take together, as a node with little
// memory does by what it reserves for others.
func limitPods(bytes string) func(context.Context, *lab) error {
	return on(func(ctx context.Context, n *Node) error {
		file := "/sys/fs/cgroup/memory/kubepods/memory.limit_in_bytes"
		if !oldCgroups() {
			file = "/sys/fs/cgroup/kubepods/memory.max"
			if bytes == "-1" {
				bytes = "max"
			}
		}
		_, err := n.Run(ctx, "sh", "-c", "echo "+bytes+" > "+file)
		return err
	})
}

// notEvicted verifies that kubevitals itself is not what kubelets evict first: it must be
// there when a disk is full.
func (l *lab) notEvicted(t *testing.T) {
	events, err := l.Client().CoreV1().Events("").List(t.Context(), metav1.ListOptions{FieldSelector: "reason=Evicted"})
	if err != nil {
		t.Fatal(err)
	}
	others := 0
	for _, e := range events.Items {
		if e.Namespace == ownNamespace {
			t.Errorf("%s was evicted: %s", e.InvolvedObject.Name, e.Message)
			continue
		}
		others++
	}
	if others == 0 {
		t.Error("nothing at all was evicted, so that this test cannot tell")
	}
}
