package fakecluster_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// patience bounds every wait of the tests.
const patience = 2 * time.Minute

// serve starts a cluster and ends it with the test.
func serve(t *testing.T, s *fakecluster.Spec, o fakecluster.Options) *fakecluster.Cluster {
	t.Helper()
	c, err := fakecluster.Start(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// spec has one API server, whose kubelets say who they are.
func spec(objects ...runtime.Object) *fakecluster.Spec {
	hello := func(w io.Writer, r fakecluster.Request) error {
		_, err := fmt.Fprintf(w, "kubelet_node_name{node=%q} 1\n", r.Name)
		return err
	}
	return &fakecluster.Spec{
		Version:    "v1.37.2",
		Objects:    objects,
		APIServers: []fakecluster.APIServer{{Name: "cp-1"}},
		Kubelet: func(string) fakecluster.Kubelet {
			return fakecluster.Kubelet{Metrics: hello, Summary: fakecluster.Bytes([]byte("{}")), Configz: fakecluster.Bytes([]byte("{}"))}
		},
	}
}

func pod(namespace, name, node string, labels ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: corev1.PodSpec{NodeName: node}}
	for i := 0; i+1 < len(labels); i += 2 {
		metav1.SetMetaDataLabel(&p.ObjectMeta, labels[i], labels[i+1])
	}
	return p
}

func node(name string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func apiService(name, available string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": name},
		"status": map[string]any{"conditions": []any{
			map[string]any{"type": "Available", "status": available},
		}},
	}}
}

const (
	jsonType     = runtime.ContentTypeJSON
	protobufType = runtime.ContentTypeProtobuf
)

func typed(t *testing.T, c *fakecluster.Cluster, mediaType string) *kubernetes.Clientset {
	t.Helper()
	config := c.RESTConfig()
	config.ContentType, config.AcceptContentTypes = mediaType, mediaType
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// httpClient has the credentials of config.
func httpClient(t *testing.T, config *rest.Config) *http.Client {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	client.Timeout = patience
	return client
}

// get returns status and body.
func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func itoa(n int32) string { return strconv.Itoa(int(n)) }
