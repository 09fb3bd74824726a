package e2e

import (
	"os"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// versionEnv is the version of Kubernetes that the components are to have, as v1.34.4,
// where they are not the lab's own; see package compat.
const versionEnv = "KUBEVITALS_LAB_VERSION"

// TestOneVersion verifies that the API server and the kubelets are of the version that is
// asked for: what is told of a version must not come from another one.
func TestOneVersion(t *testing.T) {
	server, err := shared.Client().Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if want := os.Getenv(versionEnv); want != "" && server.GitVersion != want {
		t.Errorf("the API server is of %s, want %s", server.GitVersion, want)
	}
	nodes, err := shared.Client().CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes.Items {
		if got := node.Status.NodeInfo.KubeletVersion; got != server.GitVersion {
			t.Errorf("the kubelet of %s is of %s, the API server of %s", node.Name, got, server.GitVersion)
		}
	}
}
