//go:build linux

package realnode

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/manifests"
	"github.com/kubevitals/kubevitals/lab/process"
	"github.com/kubevitals/kubevitals/tools/image"
)

// binaryEnv names the kubevitals binary under test.
const binaryEnv = "KUBEVITALS_BINARY"

// imageEnv names the archive of the image under test, as `make image` and releases have it.
const imageEnv = "KUBEVITALS_IMAGE"

// gracePeriod is how long a node may be silent before it counts as not ready: half of
// what Kubernetes takes by default, and more than two heartbeats.
const gracePeriod = 25 * time.Second

// lab is a cluster with real nodes, on which kubevitals is installed.
type lab struct {
	*cluster.Cluster
	place *Place
	// node is the first, on which things fail.
	node   *Node
	binary string
	// reader has a token of the account that is shipped for it; install makes it.
	reader *http.Client
	// rows are the failures that were told as they should be.
	rows []row
}

// start starts the lab; it is taken away when the test ends.
func start(t *testing.T, nodes int) *lab {
	t.Helper()
	supported(t)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	began := time.Now()
	place, err := Reserve(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// While nobody else can have the place.
		if err := place.end(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		place.mustBeGone(t)
		if err := place.Release(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	c, err := cluster.Start(ctx, cluster.Options{
		Address: place.Address(), ServiceNetwork: place.ServiceNetwork(),
		ControllerManagerArgs: []string{"--node-monitor-grace-period=" + gracePeriod.String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.Fail()
			t.Log("logs are in", c.LogDir())
		}
		c.Stop()
	})
	l := &lab{Cluster: c, place: place, binary: os.Getenv(binaryEnv)}
	if l.binary == "" {
		t.Fatalf("no binary under test: set %s, or run make e2e-real-node", binaryEnv)
	}
	for range nodes {
		if _, err := place.Add(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	l.node = place.nodes[0]
	l.lendProgram(t)
	// A minute on a machine that does nothing else; it may have stalled.
	ready := time.Since(began)
	if ready > 3*time.Minute {
		t.Errorf("the nodes are ready after %s", ready)
	}
	if err := place.AddDNS(ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Logf("the nodes are ready after %.0fs, cluster DNS after %.0fs", ready.Seconds(), time.Since(began).Seconds())
	return l
}

// lendProgram gives the node the binary under test, which then can look from there.
func (l *lab) lendProgram(t *testing.T) {
	t.Helper()
	program, err := os.ReadFile(l.binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.node.Dir(), filepath.Base(l.binary)), program, 0o755); err != nil {
		t.Fatal(err)
	}
}

// requiredEnv makes a machine without real nodes a failure, where tests must not pass
// because they did not run.
const requiredEnv = "KUBEVITALS_REAL_NODE_REQUIRED"

// supported skips the test where there can be no real nodes.
func supported(t *testing.T) {
	t.Helper()
	err := Supported(t.Context())
	if errors.Is(err, ErrUnsupported) && os.Getenv(requiredEnv) == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cgroups, err := Cgroups()
	if err != nil {
		t.Fatal(err)
	}
	t.Log("this machine has", cgroups)
}

// install installs kubevitals as its users do: the image, and the manifests as they
// are shipped, with the agents.
func (l *lab) install(t *testing.T) {
	t.Helper()
	l.installWith(t, shipped(t), "kubevitals", "kubevitals-node", "kubevitals-pod")
}

// installWith does the same with other manifests, and waits for the pods of these names.
func (l *lab) installWith(t *testing.T, objects []*unstructured.Unstructured, names ...string) {
	t.Helper()
	archive := os.Getenv(imageEnv)
	if archive == "" {
		t.Fatalf("no image under test: set %s, or run make e2e-real-node", imageEnv)
	}
	for _, n := range l.place.nodes {
		if err := n.ImportArchive(t.Context(), archive); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if err := manifests.Apply(t.Context(), l.RESTConfig(), objects...); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := WaitPods(t.Context(), l.Cluster, "kubevitals", "app.kubernetes.io/name="+name); err != nil {
			t.Fatal(err)
		}
	}
	made, err := l.Client().CoreV1().ServiceAccounts(ownNamespace).CreateToken(t.Context(), "kubevitals-reader",
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(6 * 3600))}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l.reader = process.Reader(made.Status.Token)
	t.Logf("the pods of kubevitals are ready after %.0fs", time.Since(began).Seconds())
}

// importImage gives an image to all nodes.
func (l *lab) importImage(t *testing.T, i image.Image) {
	t.Helper()
	for _, n := range l.place.nodes {
		if err := n.Import(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
}

// shipped are the manifests of the base and of both agents.
func shipped(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifests.Shipped("../../deploy", t.TempDir(), "node", "connectivity")
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
