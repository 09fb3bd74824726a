package kubelet

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// pair is a certificate that is its own authority, and its key, both in PEM.
type pair struct{ cert, key []byte }

func newPair(t *testing.T, now time.Time) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "kubevitals-test"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	}
}

// network connects the poller to kubelets within a synctest bubble, where time
// passes only when everybody waits: real TLS and HTTP, over pipes.
type network struct {
	conns   chan net.Conn
	working sync.WaitGroup

	mu    sync.Mutex
	hosts map[string]*host
	open  int // requests that a kubelet works on
	most  int // the most that open ever was
}

// host is one kubelet. The zero value is a black hole: packets to it are lost.
type host struct {
	handler http.HandlerFunc
	refuse  bool
	dials   []time.Time
	// asked are the times of requests by path.
	asked map[string][]time.Time
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{conns: make(chan net.Conn), hosts: map[string]*host{}}
	p := newPair(t, time.Now())
	cert, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: n, ErrorLog: log.New(io.Discard, "", 0)}
	listener := &pipeListener{conns: n.conns, closed: make(chan struct{})}
	var served sync.WaitGroup
	served.Go(func() { server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{cert}})) })
	t.Cleanup(func() {
		server.Close()
		served.Wait()
		n.working.Wait()
	})
	return n
}

// set brings a kubelet into being or changes it.
func (n *network) set(address string, change func(*host)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := net.JoinHostPort(address, "10250")
	if n.hosts[key] == nil {
		n.hosts[key] = &host{asked: map[string][]time.Time{}}
	}
	change(n.hosts[key])
}

// asked returns when the kubelet got requests for the path.
func (n *network) asked(address, path string) []time.Time {
	var times []time.Time
	n.set(address, func(h *host) { times = append(times, h.asked[path]...) })
	return times
}

// atOnce returns the most requests that the kubelets ever worked on together.
func (n *network) atOnce() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.most
}

func (n *network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.working.Add(1)
	defer n.working.Done()
	n.mu.Lock()
	h := n.hosts[r.Host]
	h.asked[r.URL.Path] = append(h.asked[r.URL.Path], time.Now())
	n.open++
	n.most = max(n.most, n.open)
	handler := h.handler
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.open--
		n.mu.Unlock()
	}()
	handler(w, r)
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	n.mu.Lock()
	h := n.hosts[address]
	if h == nil {
		n.mu.Unlock()
		return nil, errors.New("no such host: " + address)
	}
	h.dials = append(h.dials, time.Now())
	refuse, dead := h.refuse, h.handler == nil
	n.mu.Unlock()
	if refuse {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	if dead {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// cluster is a list of nodes that a test may change.
type cluster struct {
	mu    sync.Mutex
	nodes []*corev1.Node
	err   error
}

func (c *cluster) set(err error, nodes ...*corev1.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes, c.err = nodes, err
}

func (c *cluster) list() ([]*corev1.Node, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes, c.err
}

// node returns a node whose address is its name.
func node(name string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name)},
		Status:     corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: name}}},
	}
}

func testOptions() Options {
	return Options{
		PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP},
		InsecureSkipVerify:    true,
		Timeout:               10 * time.Second,
		Concurrency:           4,
		StatsInterval:         time.Minute,
		MetricsInterval:       5 * time.Minute,
	}
}

// startPoller runs a poller of everything until the test ends, or stop is called.
func startPoller(t *testing.T, n *network, c *cluster, o Options) (p *Poller, stop func()) {
	t.Helper()
	p, err := newPoller(o, &rest.Config{}, c.list, slog.New(slog.DiscardHandler), time.Now, n.dial)
	if err != nil {
		t.Fatal(err)
	}
	p.WantStats()
	p.WantConfig()
	p.WantMetrics()
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { p.Run(ctx) })
	stop = func() {
		cancel()
		run.Wait()
	}
	t.Cleanup(stop)
	return p, stop
}
