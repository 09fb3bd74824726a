// Package cri asks the container runtime of a node over its CRI socket
// whether it is there, whether it answers, and what it says of itself.
package cri

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Options say whom to ask. Zero values mean the defaults.
type Options struct {
	// Root is where the file system of the host is mounted.
	Root string
	// Endpoints are sockets on the host to try, such as unix:///run/crio/crio.sock;
	// the first that is there and speaks CRI is asked. The defaults are those of
	// containerd, CRI-O, cri-dockerd, k3s and k0s.
	Endpoints []string
	// Timeout bounds all calls of a round together; 10 s by default.
	Timeout time.Duration
}

// What a call may come to beside reasons of package health. They extend those, since
// a socket on the own machine can say more than a network, and each names another
// fault of the node.
const (
	NoSocket      health.Reason = "no_socket"     // nothing is at the place of the socket
	Refused       health.Reason = "refused"       // the socket is there, and no process listens
	Unimplemented health.Reason = "unimplemented" // it answers and does not speak this version of CRI
)

// Outcomes returns what a call can come to. Forbidden is that the agent may not open
// the socket, Timeout that the runtime takes the connection and does not answer.
func Outcomes() []health.Reason {
	return []health.Reason{
		health.Available, NoSocket, Refused, health.Forbidden, health.Timeout, Unimplemented, health.Failed,
	}
}

// Call is what one call came to and how long it took.
type Call struct {
	Outcome  health.Reason
	Duration time.Duration
}

// Result is what is known of the runtime.
type Result struct {
	Version, Status Call
	// Name and Release are of the runtime, such as containerd and v2.1.0; to be
	// believed if Version is available.
	Name, Release string
	// Conditions are what the runtime says of itself; to be believed if Status is
	// available.
	Conditions []Condition
}

// Condition is what the runtime says of itself or of the network of its pods.
type Condition struct {
	Type   string
	Status bool
	Reason string
}

// The conditions that every runtime must report.
const (
	RuntimeReady = "RuntimeReady"
	NetworkReady = "NetworkReady"
)

// Prober asks one runtime. Ask is not safe for concurrent use.
type Prober struct {
	timeout time.Duration
	sockets []string
	// last is the socket of the runtime that answered last; a runtime that was
	// there and is gone is a fault, one that never was is not known here.
	last string
	now  func() time.Time
}

// maxPath is the longest address of a socket that the kernel takes.
const maxPath = 107

// New returns a prober that has not contacted any runtime yet.
func New(o Options, now func() time.Time) (*Prober, error) {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Timeout < 0 {
		return nil, fmt.Errorf("timeout %s: not positive", o.Timeout)
	}
	if len(o.Endpoints) == 0 {
		o.Endpoints = []string{
			"/run/containerd/containerd.sock", "/run/crio/crio.sock", "/run/cri-dockerd.sock",
			"/run/k3s/containerd/containerd.sock", "/run/k0s/containerd.sock",
		}
	}
	p := &Prober{timeout: o.Timeout, now: now}
	for _, e := range o.Endpoints {
		path, hasScheme := strings.CutPrefix(e, "unix://")
		if !filepath.IsAbs(path) || !hasScheme && strings.Contains(e, "://") {
			return nil, fmt.Errorf("endpoint %q is not of the form unix:///path", e)
		}
		// On the host /var/run is a link to /run, which below the mount of the host
		// would lead into the agent's own files.
		if rest, ok := strings.CutPrefix(path, "/var/run/"); ok {
			path = "/run/" + rest
		}
		socket := filepath.Join(o.Root, path)
		if len(socket) > maxPath {
			return nil, fmt.Errorf("endpoint %q: the kernel takes addresses of %d bytes at most", e, maxPath)
		}
		p.sockets = append(p.sockets, socket)
	}
	return p, nil
}

// notFoundError says that no runtime was found since the start. The source is
// unavailable then, which is no fault of the runtime: without one, who would have started the agent?
type notFoundError struct{ sockets []string }

func (e notFoundError) Error() string {
	return "no container runtime at " + strings.Join(e.sockets, ", ")
}

// Reason says what the error means.
func (notFoundError) Reason() health.Reason { return health.NotFound }

// Ask asks the runtime that answered last or else the first that answers. It
// fails if none was ever there, and with ctx.
func (p *Prober) Ask(ctx context.Context) (Result, error) {
	sockets := p.sockets
	if p.last != "" {
		sockets = []string{p.last}
	}
	// A socket may be left from another runtime, or speak no CRI, such as that of a
	// containerd that serves Docker alone: it counts only if no other answers.
	var best *Result
	for _, socket := range sockets {
		if _, err := os.Stat(socket); errors.Is(err, fs.ErrNotExist) && p.last == "" {
			continue
		}
		r := p.ask(ctx, socket)
		if ctx.Err() != nil {
			break
		}
		if r.Version.Outcome == health.Available {
			p.last = socket
			return r, nil
		}
		if best == nil || best.Version.Outcome == Unimplemented {
			best = &r
		}
	}
	switch {
	case best != nil:
		return *best, nil
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	}
	return Result{}, notFoundError{sockets}
}

// ask makes both calls at once.
func (p *Prober) ask(ctx context.Context, socket string) Result {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	client := dial(socket)
	defer client.CloseIdleConnections()
	call := func(method string, decode func([]byte) error) Call {
		begin := p.now()
		body, err := invoke(ctx, client, method)
		if err == nil {
			err = decode(body)
		}
		return Call{outcomeOf(err), p.now().Sub(begin)}
	}
	var r Result
	rounds.Together(
		func() { r.Version = call("Version", r.decodeVersion) },
		func() { r.Status = call("Status", r.decodeStatus) },
	)
	return r
}
