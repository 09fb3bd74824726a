package fakecluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// kubelets are all kubelets. They share one HTTP server and one certificate, so
// that thousands cost little more than their listeners.
type kubelets struct {
	cluster            *Cluster
	spec               func(node string) Kubelet
	server             *http.Server
	trusted, untrusted *tls.Config

	mu     sync.Mutex
	byNode map[string]*kubelet
	closed bool
}

type kubelet struct {
	*endpoint
	Kubelet
}

func (c *Cluster) newKubelets(ctx context.Context, spec func(string) Kubelet, untrusted *tls.Config) (*kubelets, error) {
	if spec == nil {
		spec = func(string) Kubelet { return Kubelet{Fault: Dead} }
	}
	trusted, err := c.tlsFor(c.kubeletCA, "kubelet", year)
	if err != nil {
		return nil, err
	}
	k := &kubelets{cluster: c, spec: spec, trusted: trusted, untrusted: untrusted, byNode: map[string]*kubelet{}}
	k.server = c.newServer(ctx, k.serve)
	return k, nil
}

func (k *kubelets) get(node string) (*kubelet, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	one, ok := k.byNode[node]
	return one, ok
}

// ensure returns the kubelet of a node and starts it if need be.
func (k *kubelets) ensure(ctx context.Context, node string) (*kubelet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if one, ok := k.byNode[node]; ok {
		return one, nil
	}
	if k.closed {
		return nil, fmt.Errorf("kubelet of node %s: %w", node, net.ErrClosed)
	}
	one := &kubelet{Kubelet: k.spec(node)}
	if !one.Fault.valid() {
		return nil, fmt.Errorf("kubelet of node %s: unknown fault %q", node, one.Fault)
	}
	one.endpoint = &endpoint{name: node, serve: k.cluster.serveWith(k.server), trusted: k.trusted, untrusted: k.untrusted}
	if err := one.set(ctx, one.Fault); err != nil {
		return nil, fmt.Errorf("kubelet of node %s: %w", node, err)
	}
	k.byNode[node] = one
	return one, nil
}

func (k *kubelets) remove(node string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if one, ok := k.byNode[node]; ok {
		one.close()
		delete(k.byNode, node)
	}
}

func (k *kubelets) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	for _, one := range k.byNode {
		one.close()
	}
	_ = k.server.Close()
}

// withKubelet turns a Node into one whose kubelet is on loopback. Other objects
// stay what they are.
func (c *Cluster) withKubelet(ctx context.Context, obj runtime.Object) (runtime.Object, error) {
	node, ok := obj.(*corev1.Node)
	if !ok {
		return obj, nil
	}
	one, err := c.kubelets.ensure(ctx, node.Name)
	if err != nil {
		return nil, err
	}
	node = node.DeepCopy()
	// No other address may stay: it would lead away from this machine.
	node.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: Loopback},
		{Type: corev1.NodeHostName, Address: node.Name},
	}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = one.number()
	return node, nil
}

// SetKubelet changes what is wrong with the kubelet of a node; its port stays
// the same and its connections break.
func (c *Cluster) SetKubelet(ctx context.Context, node string, fault Fault) error {
	one, ok := c.kubelets.get(node)
	if !ok || !fault.valid() {
		return fmt.Errorf("set kubelet of node %s to %q: %w", node, fault, ErrNoObject)
	}
	if err := one.set(ctx, fault); err != nil {
		return fmt.Errorf("set kubelet of node %s to %q: %w", node, fault, err)
	}
	return nil
}

// KubeletAddress is host and port of a node's kubelet; empty when there is no
// such node.
func (c *Cluster) KubeletAddress(node string) string {
	if one, ok := c.kubelets.get(node); ok {
		return one.address()
	}
	return ""
}

// serve answers all requests to all kubelets, as a kubelet with token
// authentication does.
func (k *kubelets) serve(w http.ResponseWriter, r *http.Request) {
	e := endpointOf(r)
	fault := e.state()
	if fault == Hung {
		<-r.Context().Done()
		return
	}
	if !k.cluster.authorized(r) {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	one, ok := k.get(e.name)
	if !ok {
		http.NotFound(w, r)
		return
	}
	var body Body
	resource, contentType := "", "application/json"
	switch r.URL.Path {
	case "/metrics":
		body, resource, contentType = one.Metrics, "metrics", metricsType
	case "/stats/summary":
		body, resource = one.Summary, "stats"
	case "/configz":
		body, resource = one.Configz, "configz"
	}
	switch {
	case resource == "":
		http.NotFound(w, r)
	case fault == Forbidden:
		http.Error(w, fmt.Sprintf("Forbidden (user=%s, verb=get, resource=nodes, subresource(s)=[%s])", userName, resource), http.StatusForbidden)
	case r.Method != http.MethodGet:
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	default:
		k.cluster.serveBody(w, r, body, e.name, contentType)
	}
}

// serveBody answers with what a Body writes; metrics are compressed as promhttp
// compresses them.
func (c *Cluster) serveBody(w http.ResponseWriter, r *http.Request, body Body, name, contentType string) {
	if body == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType)
	out := &compressor{
		to: w, gzips: c.codecs.gzips, status: http.StatusOK,
		enabled: contentType == metricsType && acceptsGzip(r),
	}
	now := c.options.Now()
	if err := body(out, Request{Name: name, Now: now, Uptime: now.Sub(c.started)}); err != nil {
		if r.Context().Err() == nil {
			c.options.Logger.Error("body cannot be written", "of", name, "path", r.URL.Path, "err", err)
		}
		// Half an answer must not look like a whole one.
		panic(http.ErrAbortHandler)
	}
	_ = out.Close()
}

// Bytes is a Body that is always the same.
func Bytes(b []byte) Body {
	return func(w io.Writer, _ Request) error {
		_, err := w.Write(b)
		return err
	}
}
