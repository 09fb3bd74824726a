//go:build linux

package realnode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/manifests"
	"github.com/kubevitals/kubevitals/tools/image"
)

// binaryEnv names the kubevitals binary under test.
const binaryEnv = "KUBEVITALS_BINARY"

// lab is a cluster with one real node, on which kubevitals is installed.
type lab struct {
	*cluster.Cluster
	node   *Node
	binary string
}

// start starts the lab; it is taken away when the test ends.
func start(t *testing.T) *lab {
	t.Helper()
	if err := Supported(t.Context(), ""); errors.Is(err, ErrUnsupported) {
		// Also without -v: nobody should take this for tested.
		_, _ = fmt.Fprintln(os.Stderr, "lab/realnode is skipped:", err)
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	began := time.Now()
	place, err := Reserve(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Release(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	c, err := cluster.Start(ctx, cluster.Options{Address: place.Address(), ServiceNetwork: place.ServiceNetwork()})
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
	l := &lab{Cluster: c, binary: os.Getenv(binaryEnv)}
	if l.node, err = place.Add(ctx, c); err != nil {
		t.Fatal(err)
	}
	ready := time.Since(began)
	if ready > time.Minute {
		t.Errorf("the node is ready after %s, want at most a minute", ready)
	}
	if err := place.AddDNS(ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Logf("the node is ready after %.0fs, cluster DNS after %.0fs", ready.Seconds(), time.Since(began).Seconds())
	return l
}

// install installs kubevitals as its users do: the image, and the manifests as they
// are shipped, with the agents.
func (l *lab) install(t *testing.T) {
	t.Helper()
	err := l.node.Import(t.Context(), image.Image{
		Name: KubevitalsImage, Architecture: runtime.GOARCH, User: "65534:65534", Ports: []string{"9899/tcp"},
		Files: map[string]string{"/kubevitals": l.binary}, Entrypoint: []string{"/kubevitals"},
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := manifests.Apply(t.Context(), l.RESTConfig(), shipped(t)...); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kubevitals", "kubevitals-node", "kubevitals-pod"} {
		if err := WaitPods(t.Context(), l.Cluster, "kubevitals", "app.kubernetes.io/name="+name); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("the pods of kubevitals are ready after %.0fs", time.Since(began).Seconds())
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
