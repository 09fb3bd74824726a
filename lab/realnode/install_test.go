//go:build linux

package realnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/tools/image"
)

// The programs that this test has beside those of a node, by their names in the folder of
// the lab's binary.
const (
	helmProgram     = "helm"
	operatorProgram = "prometheus-operator"
	reloaderProgram = "prometheus-config-reloader"
	lentImage       = "registry.example/lab/%s:v1"
)

// firstPage is the alert of what this test lets fail.
const firstPage = "KubeVitalsSchedulerDown"

// monitoring is the namespace of Prometheus.
const monitoring = "monitoring"

// way is one way to install kubevitals, as a section of the guide has it.
type way struct {
	heading string
	// prometheus is the label by which the pod of Prometheus is found.
	prometheus string
	// edits is how often the section lets its reader change a file of his own, and edited
	// does it. It may be nil.
	edits  int
	edited func(*stranger, *testing.T, string)
	// removed are the commands by which it is removed.
	removed []string
}

func ways() []way {
	const ofOperator = "app.kubernetes.io/name=prometheus"
	return []way{
		{
			heading: "Plain Prometheus", prometheus: "app.kubernetes.io/name=prometheus", edits: 2, edited: (*stranger).configurePrometheus,
			removed: []string{
				"kubectl delete -k kubevitals", "kubectl delete clusterrolebinding prometheus-reads-kubevitals",
				"kubectl delete namespace monitoring", "rm -r kubevitals rules",
			},
		},
		{heading: "Helm beside kube-prometheus-stack", prometheus: ofOperator, removed: []string{
			"helm uninstall kubevitals --namespace kubevitals --wait", "kubectl delete namespace kubevitals",
		}},
		{heading: "kustomize beside kube-prometheus-stack", prometheus: ofOperator, removed: []string{"kubectl delete -k kubevitals"}},
	}
}

// TestInstalledByTheGuide does on a real node word for word what the guide says, with the
// real Helm, kubectl, Prometheus and Prometheus Operator, lets the scheduler fail, and
// waits for the page; then it removes it, for the next way.
func TestInstalledByTheGuide(t *testing.T) {
	t.Parallel()
	if os.Getenv(allEnv) == "" {
		t.Skipf("it takes 20 minutes: make e2e-real-node-all, or set %s", allEnv)
	}
	l := start(t, 1)
	s := l.newStranger(t)
	var rows []string
	for _, w := range ways() {
		if strings.Contains(w.heading, "kube-prometheus-stack") {
			s.needsOperator(t)
		}
		rows = append(rows, s.takes(t, w))
	}
	writePages(t, rows)
}

// stranger is somebody who knows no more than the guide, and has what it asks for.
type stranger struct {
	*lab
	// dir is where he works.
	dir string
	// hasOperator tells that the cluster has the operator.
	hasOperator bool
}

// newStranger gives the node the images, and a folder the programs and the repository's
// deploy.
func (l *lab) newStranger(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{lab: l, dir: t.TempDir()}
	deploy, err := filepath.Abs("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"bin/kubectl":    filepath.Join(l.place.programs, labProgram),
		"bin/helm":       filepath.Join(l.place.programs, helmProgram),
		"bin/kubevitals": l.binary,
		"deploy":         deploy,
	} {
		file := filepath.Join(s.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.Symlink(to, file)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("%v: run make e2e-real-node-all", err)
		}
	}
	for _, program := range []string{prometheusProgram, operatorProgram, reloaderProgram} {
		l.importImage(t, image.Image{
			Name: fmt.Sprintf(lentImage, program), Architecture: runtime.GOARCH, User: "65534:65534",
			Programs: map[string]string{"/bin/" + program: filepath.Join(l.place.programs, program)}, Entrypoint: []string{"/bin/" + program},
		})
	}
	// What pushing it to a registry is to a cluster: the node has it under that name.
	if err := l.node.ImportArchive(t.Context(), os.Getenv(imageEnv)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.node.ctr(t.Context(), "images", "tag", KubevitalsImage, "registry.example.com/kubevitals:v0.1.0"); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a command in a shell, as somebody types it; that it fails is the end of the test.
func (s *stranger) run(t *testing.T, command string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	began := time.Now()
	cmd := exec.CommandContext(ctx, "sh", "-ec", command)
	cmd.Dir, cmd.WaitDelay = s.dir, 5*time.Second
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(s.dir, "bin")+":"+os.Getenv("PATH"), "KUBECONFIG="+s.AdminKubeconfig(), "HOME="+s.dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	t.Logf("$ %s(%.0f s)\n%s", command, time.Since(began).Seconds(), out.String())
	if err != nil {
		t.Fatalf("%v: %s", err, command)
	}
}

// needsOperator installs, once, what kube-prometheus-stack does.
func (s *stranger) needsOperator(t *testing.T) {
	t.Helper()
	if s.hasOperator {
		return
	}
	s.hasOperator = true
	s.run(t, fmt.Sprintf("%s full-crds | kubectl apply --server-side -f -\n", filepath.Join(s.place.programs, operatorProgram)))
	s.run(t, "kubectl wait --for=condition=Established --timeout=2m crd/prometheuses.monitoring.coreos.com crd/servicemonitors.monitoring.coreos.com crd/prometheusrules.monitoring.coreos.com\n")
	s.run(t, "kubectl create namespace monitoring\n")
	s.run(t, "kubectl apply -f "+testdata(t, "kube-prometheus-stack.yaml")+"\n")
	if err := WaitPods(t.Context(), s.Cluster, monitoring, "app.kubernetes.io/name=prometheus"); err != nil {
		t.Fatal(err)
	}
}

// configurePrometheus starts a Prometheus with the lines that the guide gives for it.
func (s *stranger) configurePrometheus(t *testing.T, config string) {
	t.Helper()
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: prometheusProgram}, Data: map[string]string{"prometheus.yml": config}}
	if _, err := s.Client().CoreV1().ConfigMaps(monitoring).Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.run(t, "kubectl apply -f "+testdata(t, "plain-prometheus.yaml")+"\n")
}

// testdata is a file there, wherever it is read from.
func testdata(t *testing.T, name string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// takes installs it in one way, and returns the row of the table.
func (s *stranger) takes(t *testing.T, w way) string {
	t.Helper()
	guide := readSection(t, w.heading)
	if w.edited != nil {
		s.run(t, "kubectl create namespace monitoring\n")
	}
	began := time.Now()
	for _, command := range guide.commands {
		s.run(t, command)
	}
	if w.edited != nil {
		w.edited(s, t, guide.yaml)
	}
	p := pages{s.lab, w.prometheus}
	p.watched(t)
	watching := time.Since(began)
	s.isLockedDown(t)
	page := p.page(t)
	for _, command := range w.removed {
		s.run(t, command+"\n")
	}
	all := watching + page
	t.Logf("%s: %d commands and %d edits, watched after %.0f s, page %.0f s after the fault", w.heading, len(guide.commands), w.edits, watching.Seconds(), page.Seconds())
	return fmt.Sprintf("| [%s](#%s) | %d | %d | %s | %s | %s |", w.heading, strings.ReplaceAll(strings.ToLower(w.heading), " ", "-"),
		len(guide.commands), w.edits, minutes(watching), minutes(page), minutes(all))
}

// minutes is the next half minute, since no two runs take the same.
func minutes(d time.Duration) string { return fmt.Sprintf("%.1f", math.Ceil(d.Minutes()*2)/2) }

// isLockedDown verifies that the pods that the guide makes run as they are meant to:
// without root, on a root file system to read only.
func (s *stranger) isLockedDown(t *testing.T) {
	t.Helper()
	pods, err := s.Client().CoreV1().Pods(ownNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) != 1 {
		t.Fatalf("%d pods of kubevitals: %v", len(pods.Items), err)
	}
	p := &pods.Items[0]
	at := slices.IndexFunc(p.Spec.Containers, func(c corev1.Container) bool { return c.Name == "kubevitals" })
	if err := s.inForce(t.Context(), p, &p.Spec.Containers[at], p.Status.ContainerStatuses[0].ContainerID); err != nil {
		t.Error(err)
	}
}
