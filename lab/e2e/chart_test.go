package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/manifests"
)

// chartsEnv names the folder with the objects of each case of the Helm chart.
const chartsEnv = "KUBEVITALS_CHARTS"

// TestChartIsTaken gives each case of the Helm chart to a real API server that has the
// kinds of the Prometheus Operator, as `helm template | kubectl apply` does: it takes
// every field of every object. The case with everything is installed, and its pods are
// made.
func TestChartIsTaken(t *testing.T) {
	folder := os.Getenv(chartsEnv)
	if folder == "" {
		t.Skipf("no objects of the chart: set %s, or run make e2e", chartsEnv)
	}
	cases, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(cases) < 12 {
		t.Fatalf("%d cases of the chart in %s, %v", len(cases), folder, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	k := newKubectl(t, ownCluster(ctx, t, cluster.Options{Nodes: 1}).AdminKubeconfig())
	k.run(ctx, t, "apply", "--server-side", "-f", "testdata/prometheus_operator_crds.yaml")
	k.run(ctx, t, "wait", "--for=condition=Established", "--timeout=2m", "-f", "testdata/prometheus_operator_crds.yaml")
	namespaces := map[string]bool{"": true, "default": true, "kube-system": true, "kube-node-lease": true}
	for _, file := range cases {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		objects := chartObjects(t, file)
		for _, o := range objects {
			if n := o.GetNamespace(); !namespaces[n] {
				k.run(ctx, t, "create", "namespace", n)
				namespaces[n] = true
			}
		}
		out := k.run(ctx, t, "apply", "--server-side", "--dry-run=server", "-f", file)
		if taken := strings.Count(out, "serverside-applied (server dry run)"); taken != len(objects) || taken < 15 {
			t.Errorf("%s: %d of %d objects were taken:\n%s", name, taken, len(objects), out)
		}
		t.Logf("%s: %d objects", name, len(objects))
	}
	k.run(ctx, t, "apply", "--server-side", "-f", filepath.Join(folder, "everything.yaml"))
	k.wantPods(ctx, t, "kubevitals", "kubevitals-node", "kubevitals-pod")
}

// chartObjects are the objects of a case.
func chartObjects(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifests.Decode(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return objects
}

// kubectl is the real one, for one cluster.
type kubectl struct{ program, kubeconfig string }

// newKubectl makes a program of that name of the lab's binary.
func newKubectl(t *testing.T, kubeconfig string) kubectl {
	t.Helper()
	k := kubectl{program: filepath.Join(t.TempDir(), "kubectl"), kubeconfig: kubeconfig}
	if err := os.Symlink(os.Getenv(cluster.BinaryEnv), k.program); err != nil {
		t.Fatal(err)
	}
	return k
}

// run returns what kubectl prints. That it fails is an error of the test.
func (k kubectl) run(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, k.program, append([]string{"--kubeconfig=" + k.kubeconfig}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("kubectl %s: %v: %s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

// wantPods waits until the controllers have made a pod for each of these workloads: the
// quota, the priority and the service accounts that it names are there.
func (k kubectl) wantPods(ctx context.Context, t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		pods := ""
		for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
			if pods = k.run(ctx, t, "-n", "kubevitals", "get", "pods", "-l", "app.kubernetes.io/name="+name, "-o", "name"); strings.HasPrefix(pods, "pod/") {
				break
			}
		}
		if !strings.HasPrefix(pods, "pod/") {
			t.Errorf("no pod of %s: %s\n%s", name, pods, k.run(ctx, t, "-n", "kubevitals", "get", "events"))
		}
	}
}
