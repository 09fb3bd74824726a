package cluster

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// PodMetrics says what the metrics API tells of the pods with the labels.
type PodMetrics struct {
	// Namespace is the only one of which it has figures; empty means all.
	Namespace string
	Labels    map[string]string
	CPU       string
	// Nodes are those of which it has figures, too.
	Nodes []string
}

// MetricsAPI is a registered v1beta1.metrics.k8s.io, served over TLS by this
// process.
type MetricsAPI struct {
	cluster *Cluster
	server  *http.Server
}

const metricsAPIName = "v1beta1.metrics.k8s.io"

func apiServices(c *Cluster) (dynamic.ResourceInterface, error) {
	client, err := dynamic.NewForConfig(c.RESTConfig())
	if err != nil {
		return nil, err
	}
	return client.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}), nil
}

// ServeMetricsAPI serves a metrics API on loopback and registers it. Its Service
// names the host, since neither a cluster address nor an endpoint can be on
// loopback.
func (c *Cluster) ServeMetricsAPI(ctx context.Context, m PodMetrics) (*MetricsAPI, error) {
	serving, err := c.files.ca.server("metrics-api", "localhost", "metrics-api.kube-system.svc")
	if err != nil {
		return nil, err
	}
	cert, err := tls.LoadX509KeyPair(serving.cert, serving.key)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return nil, errors.New("not a TCP address")
	}
	api := &MetricsAPI{cluster: c, server: &http.Server{
		Handler: c.metricsHandler(m), ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}}
	go func() { _ = api.server.ServeTLS(listener, "", "") }()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "metrics-api", Namespace: metav1.NamespaceSystem},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}
	_, err = c.client.CoreV1().Services(metav1.NamespaceSystem).Create(ctx, service, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		api.Close()
		return nil, fmt.Errorf("service of the metrics API: %w", err)
	}
	registrations, err := apiServices(c)
	if err != nil {
		return nil, err
	}
	_, err = registrations.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": metricsAPIName},
		"spec": map[string]any{
			"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100),
			"insecureSkipTLSVerify": true,
			"service":               map[string]any{"namespace": metav1.NamespaceSystem, "name": "metrics-api", "port": int64(address.Port)},
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		api.Close()
		return nil, fmt.Errorf("register the metrics API: %w", err)
	}
	return api, nil
}

// Close ends the server and leaves the registration, which then leads nowhere.
func (a *MetricsAPI) Close() { _ = a.server.Close() }

// Unregister takes the registration away.
func (a *MetricsAPI) Unregister(ctx context.Context) error {
	registrations, err := apiServices(a.cluster)
	if err != nil {
		return err
	}
	err = registrations.Delete(ctx, metricsAPIName, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// metricsHandler answers discovery, and lists of pod metrics made of the pods
// that exist.
func (c *Cluster) metricsHandler(m PodMetrics) http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, value any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value)
	}
	mux.HandleFunc("/apis/metrics.k8s.io/v1beta1", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "metrics.k8s.io/v1beta1",
			APIResources: []metav1.APIResource{
				{Name: "nodes", Kind: "NodeMetrics", Verbs: []string{"get", "list"}},
				{Name: "pods", Kind: "PodMetrics", Namespaced: true, Verbs: []string{"get", "list"}},
			},
		})
	})
	mux.HandleFunc("/apis/metrics.k8s.io/v1beta1/nodes", func(w http.ResponseWriter, _ *http.Request) {
		items := []any{}
		for _, node := range m.Nodes {
			items = append(items, map[string]any{
				"metadata":  map[string]any{"name": node},
				"timestamp": time.Now().UTC().Format(time.RFC3339), "window": "1s",
				"usage": map[string]any{"cpu": m.CPU, "memory": "64Mi"},
			})
		}
		answer(w, map[string]any{"kind": "NodeMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": map[string]any{}, "items": items})
	})
	pods := func(w http.ResponseWriter, r *http.Request) {
		namespace := r.PathValue("namespace")
		if m.Namespace != "" && namespace != m.Namespace {
			http.NotFound(w, r)
			return
		}
		items, err := c.podMetrics(r.Context(), m, namespace, r.URL.Query().Get("labelSelector"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		name := r.PathValue("name")
		if name == "" {
			answer(w, map[string]any{"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": map[string]any{}, "items": items})
			return
		}
		for _, item := range items {
			if item["metadata"].(map[string]any)["name"] == name {
				answer(w, item)
				return
			}
		}
		http.NotFound(w, r)
	}
	mux.HandleFunc("/apis/metrics.k8s.io/v1beta1/pods", pods)
	mux.HandleFunc("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods", pods)
	mux.HandleFunc("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods/{name}", pods)
	return mux
}

// podMetrics has figures of the pods that exist, of one namespace or of all.
func (c *Cluster) podMetrics(ctx context.Context, m PodMetrics, namespace, selector string) ([]map[string]any, error) {
	if own := labels.SelectorFromSet(m.Labels).String(); own != "" {
		selector = own
	}
	pods, err := c.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for _, pod := range pods.Items {
		items = append(items, map[string]any{
			"kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
			"metadata":  map[string]any{"name": pod.Name, "namespace": pod.Namespace, "labels": pod.Labels},
			"timestamp": time.Now().UTC().Format(time.RFC3339), "window": "1s",
			"containers": []any{map[string]any{
				"name": pod.Spec.Containers[0].Name, "usage": map[string]any{"cpu": m.CPU, "memory": "64Mi"},
			}},
		})
	}
	return items, nil
}
