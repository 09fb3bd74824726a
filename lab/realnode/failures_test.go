//go:build linux

package realnode

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// failure is something that really fails, and what must be told of it. The file
// testdata/said.txt has what the platform itself says, by its name.
type failure struct {
	name     string
	do, undo func(context.Context, *lab) error
	// alert is the start of what check names, and because is what it says of the cause.
	alert, because string
}

// waitForFailure is how long kubelets and controllers may take to tell.
const waitForFailure = 5 * time.Minute

const nodeNotReady = "KubeVitalsNodeNotReady{node=real-0"

func failures() []failure {
	process := func(of func(*Node) *cluster.Process, do func(*cluster.Process) error) func(context.Context, *lab) error {
		return func(_ context.Context, l *lab) error { return do(of(l.node)) }
	}
	kill := func(p *cluster.Process) error { p.Kill(); return nil }
	containerd := func(n *Node) *cluster.Process { return n.Containerd }
	kubelet := func(n *Node) *cluster.Process { return n.Kubelet }
	return []failure{
		{"image that does not exist", addPod("absent", "registry.example/lab/absent:v1"), removePod("absent"), "KubeVitalsPodImagesFailing{node=real-0", ""},
		{"crash loop with exit code", addAddon("exit", "3"), removeAddon, "KubeVitalsAddonCrashLooping{addon=metrics-server", "1 ended with Error"},
		{"memory limit hit", addAddon("eat", "256"), removeAddon, "KubeVitalsAddonCrashLooping{addon=metrics-server", "1 ended with OOMKilled"},
		{"CNI configuration removed", breakNetwork(true), breakNetwork(false), nodeNotReady, "because its network plugin (CNI) is missing"},
		{"containerd killed", process(containerd, kill), process(containerd, (*cluster.Process).Launch), nodeNotReady, "its container runtime does not answer the kubelet"},
		{"containerd stopped", process(containerd, (*cluster.Process).Pause), process(containerd, (*cluster.Process).Resume), nodeNotReady, "its container runtime does not answer the kubelet"},
		{"kubelet killed", process(kubelet, kill), process(kubelet, (*cluster.Process).Launch), nodeNotReady, "its kubelet does not run"},
		{"kubelet stopped", process(kubelet, (*cluster.Process).Pause), process(kubelet, (*cluster.Process).Resume), nodeNotReady, "its kubelet hangs"},
		{"image disk full", fillImages, emptyImages, "KubeVitalsNodeDiskPressure{node=real-0", ""},
	}
}

// fails lets it fail, waits until the platform says so in the words that are known
// and until check names it, and mends it.
func (l *lab) fails(t *testing.T, f failure) {
	words := said(t, f.name)
	began := time.Now()
	if err := f.do(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	var platform, named string
	var last error
	var after time.Duration
	err := cluster.Eventually(t.Context(), waitForFailure, func(ctx context.Context) error {
		if platform == "" {
			text, err := l.says(ctx)
			if err != nil {
				return err
			}
			if platform = words.FindString(text); platform == "" {
				return fmt.Errorf("the platform does not say %q, but\n%s", words, text)
			}
			after = time.Since(began)
		}
		found, err := l.check(ctx)
		if err != nil {
			return err
		}
		for _, finding := range found {
			if strings.HasPrefix(finding.String(), f.alert) && strings.Contains(finding.Description, f.because) {
				named = finding.String() + " " + f.because
				return nil
			}
		}
		last = fmt.Errorf("check does not name %s %s, but %v", f.alert, f.because, found)
		return last
	})
	if err != nil {
		t.Errorf("%v; before: %v", err, last)
	}
	t.Logf("| %s | %s | after %.0fs | %s | after %.0fs |", f.name, platform, after.Seconds(), named, time.Since(began).Seconds())
	if err := f.undo(context.WithoutCancel(t.Context()), l); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Eventually(t.Context(), waitForFailure, l.node.ready); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
}

// said returns what the platform says of a failure.
func said(t *testing.T, name string) *regexp.Regexp {
	t.Helper()
	text, err := os.ReadFile("testdata/said.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if of, words, _ := strings.Cut(strings.TrimSpace(line), ": "); of == name {
			return regexp.MustCompile(words)
		}
	}
	t.Fatalf("testdata/said.txt has nothing of %q", name)
	return nil
}

// says is what the platform says now: conditions of the node, states of containers,
// and events, one a line.
func (l *lab) says(ctx context.Context) (string, error) {
	var text strings.Builder
	node, err := l.Client().CoreV1().Nodes().Get(ctx, l.node.Name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	for _, c := range node.Status.Conditions {
		_, _ = fmt.Fprintln(&text, c.Type, c.Status, c.Reason, c.Message)
	}
	pods, err := l.Client().CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, p := range pods.Items {
		for _, s := range p.Status.ContainerStatuses {
			if w := s.State.Waiting; w != nil {
				_, _ = fmt.Fprintln(&text, p.Name, w.Reason, w.Message)
			}
			for _, ended := range []*corev1.ContainerStateTerminated{s.State.Terminated, s.LastTerminationState.Terminated} {
				if ended != nil {
					_, _ = fmt.Fprintln(&text, p.Name, ended.Reason, ended.ExitCode)
				}
			}
		}
	}
	return text.String(), nil
}

func pod(name string, container corev1.Container) *corev1.Pod {
	container.Name = "main"
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{Containers: []corev1.Container{container}}}
}

func addPod(name, image string) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		_, err := l.Client().CoreV1().Pods("default").Create(ctx, pod(name, corev1.Container{Image: image}), metav1.CreateOptions{})
		return err
	}
}

func removePod(name string) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		return l.Client().CoreV1().Pods("default").Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
	}
}

// addAddon adds a pod that passes for metrics-server, and runs one of the lab's
// programs under a limit of 64 MiB.
func addAddon(args ...string) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		p := pod("metrics-server", corev1.Container{
			Image: ProgramsImage, Args: args,
			Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}},
		})
		p.Labels = map[string]string{"k8s-app": "metrics-server"}
		_, err := l.Client().CoreV1().Pods(metav1.NamespaceSystem).Create(ctx, p, metav1.CreateOptions{})
		return err
	}
}

func removeAddon(ctx context.Context, l *lab) error {
	return l.Client().CoreV1().Pods(metav1.NamespaceSystem).Delete(ctx, "metrics-server", metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
}

func breakNetwork(broken bool) func(context.Context, *lab) error {
	return func(_ context.Context, l *lab) error { return l.node.BreakNetwork(broken) }
}

// filler is a file on the disk of images, as the node sees it.
var filler = filepath.Join("/var/lib/containerd", "filler")

// fillImages leaves 40 MiB of the disk of images.
func fillImages(ctx context.Context, l *lab) error {
	_, err := l.node.Run(ctx, "sh", "-c", "fallocate -l $(( $(stat -f -c '%a * %S' /var/lib/containerd) - (40 << 20) )) "+filler)
	return err
}

func emptyImages(ctx context.Context, l *lab) error {
	_, err := l.node.Run(ctx, "rm", filler)
	return err
}
