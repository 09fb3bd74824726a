package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const dumped = `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: web}, spec: {serviceAccountName: web}}
- {apiVersion: v1, kind: Pod, metadata: {namespace: kube-system, name: dns}}
- {apiVersion: v1, kind: Node, metadata: {name: n1}, status: {nodeInfo: {kubeletVersion: v1.20.7}}}
- {apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1beta1.metrics.k8s.io}, status: {conditions: [{type: Available, status: "True"}]}}
- {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {namespace: shop, name: web}}
`

// TestServes verifies what a client reads of a dump: its objects, no others but service
// accounts, in the version that is served, and that it may.
func TestServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(dumped), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readCluster(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if v, err := client.Discovery().ServerVersion(); err != nil || v.Minor != "20" {
		t.Errorf("version: %v, %v", v, err)
	}
	resources, err := client.Discovery().ServerPreferredResources()
	if err != nil || len(resources) != 8 {
		t.Errorf("discovery: %d groups of resources, %v", len(resources), err)
	}
	for namespace, want := range map[string]int{"": 2, "shop": 1, "default": 0} {
		pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil || len(pods.Items) != want {
			t.Errorf("pods of %q: %v, %v, want %d", namespace, pods, err, want)
		}
	}
	if hpas, err := client.AutoscalingV1().HorizontalPodAutoscalers("").List(ctx, metav1.ListOptions{}); err != nil || len(hpas.Items) != 1 {
		t.Errorf("autoscalers: %v, %v", hpas, err)
	}
	if account, err := client.CoreV1().ServiceAccounts("shop").Get(ctx, "web", metav1.GetOptions{}); err != nil {
		t.Errorf("service account: %v, %v", account, err)
	}
	if _, err := client.CoreV1().Secrets("shop").Get(ctx, "web", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a secret that is not there: %v", err)
	}
	review, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{}, metav1.CreateOptions{})
	if err != nil || !review.Status.Allowed {
		t.Errorf("review: %v, %v", review, err)
	}
}
