//go:build linux

package realnode

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

const (
	ownNamespace = "kubevitals"
	archiveFile  = "snapshot.tar.gz"
)

// commands verifies that the image, which holds nothing but the program, runs each of
// its commands as a pod that is locked down like the shipped ones; and where it needs
// a folder that nobody mounted, that it says which.
func (l *lab) commands(t *testing.T) {
	l.addArchive(t)
	inCluster := []string{"--window=2s", "--kubelet.ca-file=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", "--log.level=error"}
	with := func(first string, more ...string) []string {
		return append(append([]string{first}, more...), inCluster...)
	}
	archive := "--snapshot=/archive/" + archiveFile
	pods := []*corev1.Pod{
		command("demo", "--demo", "--web.listen-address=:9899"),
		command("check", with("check", "--output", "json")...),
		command("snapshot", "--snapshot=/data/snapshot", "--web.listen-address=:9899", "--log.level=error"),
		command("snapshot-nowhere", with("snapshot", "/snapshot")...),
		command("archive", "check", "--output", "json", archive),
		command("archive-nowhere", "check", "--output", "json", archive),
	}
	takesFirst(pods[2], with("snapshot", "/data/snapshot"))
	mount(pods[4], "/tmp", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})
	for _, p := range pods[4:] {
		mount(p, "/archive", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "archive"}}})
	}
	for _, p := range pods {
		if err := addPod(p)(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = l.Client().CoreV1().Pods(ownNamespace).Delete(context.WithoutCancel(t.Context()), p.Name, now())
		})
	}
	for _, name := range []string{"demo", "snapshot"} {
		l.exportsNodes(t, name)
	}
	for _, name := range []string{"check", "archive"} {
		says, code := l.ends(t, name)
		found, err := findings([]byte(says), nil)
		if code > 1 {
			err = fmt.Errorf("exit code %d; unavailable are %v", code, unavailable([]byte(says)))
		}
		if err != nil || len(ofTheCluster(found)) > 0 {
			t.Errorf("%s of a healthy cluster: %v, %v", name, found, err)
		}
	}
	if says, code := l.ends(t, "snapshot-nowhere"); code == 0 || !strings.Contains(says, "read-only file system") || !strings.Contains(says, "mount") {
		t.Errorf("a snapshot where nothing can be written says %q", says)
	}
	if says, code := l.ends(t, "archive-nowhere"); code == 0 || !strings.Contains(says, "mount one at /tmp") {
		t.Errorf("an archive without a folder for temporary files says %q", says)
	}
}

// command is a pod that runs kubevitals as the shipped manifests do, but for the user:
// the image names its own, by a number, from which the kubelet sees that it is not root.
func command(name string, args ...string) *corev1.Pod {
	return pod("run-"+name, KubevitalsImage, func(p *corev1.Pod) {
		p.Namespace = ownNamespace
		p.Spec.ServiceAccountName, p.Spec.AutomountServiceAccountToken = "kubevitals", ptr.To(true)
		p.Spec.RestartPolicy = corev1.RestartPolicyNever
		p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true)}
		c := &p.Spec.Containers[0]
		c.Args, c.ImagePullPolicy = args, corev1.PullIfNotPresent
		c.SecurityContext = &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
	})
}

// takesFirst runs the program with other arguments before, in a volume that both have.
func takesFirst(p *corev1.Pod, args []string) {
	mount(p, "/data", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})
	before := *p.Spec.Containers[0].DeepCopy()
	before.Name, before.Args = "before", args
	p.Spec.InitContainers = []corev1.Container{before}
}

func mount(p *corev1.Pod, path string, source corev1.VolumeSource) {
	name := filepath.Base(path)
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
	c := &p.Spec.Containers[0]
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: path})
}

// addArchive takes a snapshot, packs it, and puts it into a ConfigMap.
func (l *lab) addArchive(t *testing.T) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "snapshot")
	cmd := exec.CommandContext(t.Context(), l.binary, "snapshot", dir, "--window=2s", "--log.level=error",
		"--kubeconfig="+l.AdminKubeconfig(), "--kubelet.ca-file="+l.CAFile())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("snapshot: %v: %s", err, out)
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	if err := errors.Join(archive.AddFS(os.DirFS(dir)), archive.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "archive"}, BinaryData: map[string][]byte{archiveFile: packed.Bytes()}}
	if _, err := l.Client().CoreV1().ConfigMaps(ownNamespace).Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// ends waits until the pod of a command ends, and returns what it printed and its exit
// code.
func (l *lab) ends(t *testing.T, name string) (says string, code int32) {
	t.Helper()
	pods := l.Client().CoreV1().Pods(ownNamespace)
	err := cluster.Eventually(t.Context(), waitForPods, func(ctx context.Context) error {
		p, err := pods.Get(ctx, "run-"+name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, s := range p.Status.ContainerStatuses {
			if ended := s.State.Terminated; ended != nil {
				code = ended.ExitCode
				return nil
			}
		}
		return fmt.Errorf("%s is %s", name, p.Status.Phase)
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := pods.GetLogs("run-"+name, &corev1.PodLogOptions{}).DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(text), code
}

// exportsNodes waits until the pod of a command exports metrics of nodes.
func (l *lab) exportsNodes(t *testing.T, name string) {
	t.Helper()
	err := cluster.Eventually(t.Context(), waitForPods, func(ctx context.Context) error {
		p, err := l.Client().CoreV1().Pods(ownNamespace).Get(ctx, "run-"+name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if p.Status.PodIP == "" {
			return errors.New("no address yet")
		}
		families, err := process.Scrape(ctx, http.DefaultClient, fmt.Sprintf("http://%s/metrics", net.JoinHostPort(p.Status.PodIP, "9899")))
		if err == nil && families["kubevitals_node_readiness_ready"] == nil {
			err = errors.New("nothing of nodes")
		}
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
}
