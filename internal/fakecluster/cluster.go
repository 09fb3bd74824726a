// Package fakecluster serves a cluster that does not exist: a real Kubernetes API
// over HTTPS and one kubelet per node, all on loopback. What reads a cluster
// reads it over the same wire, in the same formats.
package fakecluster

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Cluster is a fake cluster that is being served. It is safe for concurrent use.
type Cluster struct {
	options Options
	codecs  codecs
	store   *store
	token   string
	version string
	started time.Time

	apiCA, kubeletCA, otherCA *authority
	apiServers                []*apiServer
	kubelets                  *kubelets

	mu      sync.Mutex
	closed  bool
	stop    context.CancelFunc
	detach  func() bool
	running sync.WaitGroup
}

// Start serves a cluster until Close is called or ctx ends. Timestamps are
// taken as they are; see Load.
func Start(ctx context.Context, s *Spec, o Options) (*Cluster, error) {
	c := &Cluster{options: o.complete(), codecs: newCodecs(), store: newStore(o.Resources), version: s.Version}
	c.started = c.options.Now()
	if err := c.secure(); err != nil {
		return nil, err
	}
	ctx, c.stop = context.WithCancel(ctx)
	if err := c.start(ctx, s); err != nil {
		c.Close()
		return nil, err
	}
	c.running.Go(func() { c.beat(ctx, liveLeases(s.Objects, c.started)) })
	c.detach = context.AfterFunc(ctx, c.shut)
	return c, nil
}

func (c *Cluster) secure() error {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return fmt.Errorf("make a token: %w", err)
	}
	c.token = hex.EncodeToString(raw)
	for ca, name := range map[**authority]string{
		&c.apiCA: "kubernetes", &c.kubeletCA: "kubelets", &c.otherCA: "another-cluster",
	} {
		made, err := newAuthority(name, c.started)
		if err != nil {
			return err
		}
		*ca = made
	}
	return nil
}

func (c *Cluster) start(ctx context.Context, s *Spec) error {
	untrusted, err := c.otherCA.serve("another-cluster", c.started.Add(year))
	if err != nil {
		return err
	}
	if c.kubelets, err = c.newKubelets(ctx, s.Kubelet, untrusted); err != nil {
		return err
	}
	if err := c.startAPIServers(ctx, s.APIServers, untrusted); err != nil {
		return err
	}
	for _, obj := range s.Objects {
		obj, keep := c.onLoopback(obj)
		if !keep {
			continue
		}
		if err := c.Upsert(ctx, obj); err != nil {
			return err
		}
	}
	return c.announceAPIServers(ctx)
}

// newServer returns an HTTP server for endpoints.
func (c *Cluster) newServer(ctx context.Context, handler http.HandlerFunc) *http.Server {
	return &http.Server{
		Handler:           c.tracked(handler),
		BaseContext:       func(l net.Listener) context.Context { return withEndpoint(ctx, l) },
		ReadHeaderTimeout: 30 * time.Second,
		// Clients that do not like a certificate are what some faults are for.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// serveWith returns how an endpoint is served by a server.
func (c *Cluster) serveWith(server *http.Server) func(*endpointListener) {
	return func(l *endpointListener) {
		c.running.Go(func() {
			// Ends with an error always: its listener was closed.
			_ = server.Serve(l)
		})
	}
}

// tracked makes Close wait for requests under way.
func (c *Cluster) tracked(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			panic(http.ErrAbortHandler)
		}
		c.running.Add(1)
		c.mu.Unlock()
		defer c.running.Done()
		next(w, r)
	}
}

// Close ends everything and waits until it has ended.
func (c *Cluster) Close() {
	if c.detach != nil {
		c.detach()
	}
	c.stop()
	c.shut()
	c.running.Wait()
}

func (c *Cluster) shut() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	for _, s := range c.apiServers {
		s.close()
		_ = s.server.Close()
	}
	if c.kubelets != nil {
		c.kubelets.close()
	}
}

// Upsert keeps a copy of an object and tells the watches. A Node gets loopback
// for an address, and a kubelet when it has none.
func (c *Cluster) Upsert(ctx context.Context, obj runtime.Object) error {
	obj, err := c.withKubelet(ctx, obj)
	if err != nil {
		return err
	}
	if _, err := c.store.upsert(obj, c.options.Now()); err != nil {
		return fmt.Errorf("keep an object: %w", err)
	}
	return nil
}

// ErrNoObject tells that there is no such object, resource or endpoint.
var ErrNoObject = errors.New("nothing of that name")

// Delete forgets the object of that kind, namespace and name, and tells the
// watches; a Node's kubelet dies. It fails with ErrNoObject when there is none.
func (c *Cluster) Delete(obj runtime.Object) error {
	t, err := c.store.tableOf(obj)
	if err != nil {
		return err
	}
	m, err := meta.Accessor(obj)
	if err != nil {
		return fmt.Errorf("metadata of a %s: %w", t.resource.GVK().Kind, err)
	}
	if !c.store.delete(t, m.GetNamespace(), m.GetName()) {
		return fmt.Errorf("delete %s %s/%s: %w", t.resource.GVK().Kind, m.GetNamespace(), m.GetName(), ErrNoObject)
	}
	if t.resource.Plural == "nodes" {
		c.kubelets.remove(m.GetName())
	}
	return nil
}

// Refuse makes every request for a resource (its plural name) fail with that
// status, open watches included, until it is called with nil.
func (c *Cluster) Refuse(resource string, status *metav1.Status) error {
	t, ok := c.store.table(resource)
	if !ok {
		return fmt.Errorf("refuse %s: %w", resource, ErrNoObject)
	}
	c.store.refuse(t, status)
	return nil
}

// authorized tells whether a request bears the token.
func (c *Cluster) authorized(r *http.Request) bool {
	return r.Header.Get("Authorization") == "Bearer "+c.token
}

func (c *Cluster) tlsFor(ca *authority, name string, life time.Duration) (*tls.Config, error) {
	if life == 0 {
		life = year
	}
	return ca.serve(name, c.started.Add(life))
}
