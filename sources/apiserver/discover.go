package apiserver

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

const (
	peerAddressAnnotation = "kubernetes.io/peer-advertise-address"
	hostnameLabel         = "kubernetes.io/hostname"
	identityLabel         = "apiserver.kubernetes.io/identity"
)

// configured returns the address of the configured API server and the URL that
// its paths are appended to.
func configured(c *rest.Config) (server, base string, err error) {
	u, _, err := rest.DefaultServerUrlFor(c)
	if err != nil {
		return "", "", fmt.Errorf("address of the API server: %w", err)
	}
	if server, err = hostPort(u.String()); err != nil {
		return "", "", fmt.Errorf("address of the API server: %w", err)
	}
	return server, strings.TrimSuffix(u.String(), "/"), nil
}

// hostPort returns the host and port of a URL.
func hostPort(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", err
	}
	if u.Hostname() == "" {
		return "", fmt.Errorf("no host in %q", text)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80"}[u.Scheme]
	}
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// discover learns of API servers that announce themselves, and forgets those that
// have not been listed for a while. What cannot be read now changes nothing: a dead
// API server must not take its own probe along. These are not all while what lists
// them has not been read at all.
func (p *Prober) discover() (servers []*instance, all bool) {
	slices, err := p.discovery.EndpointSlices()
	known := health.Classify(err) != health.Starting
	if err == nil {
		p.learn(EndpointSlice, addresses(slices))
	} else {
		p.confirm(EndpointSlice)
	}
	if err := p.readLeases(); err != nil {
		p.confirm(Lease)
		known = known && health.Classify(err) != health.Starting
	}
	p.forget()
	p.mu.Lock()
	p.known = p.known || known
	p.mu.Unlock()
	return p.servers(func() bool { return true })()
}

// servers returns what lists the servers known so far, and none while nothing of
// that kind is wanted.
func (p *Prober) servers(wanted func() bool) func() (servers []*instance, all bool) {
	return func() ([]*instance, bool) {
		if !wanted() {
			return nil, true
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Collect(maps.Values(p.instances)), p.known
	}
}

// lookAgain tells the rounds that follow discover that it knows others now.
func (p *Prober) lookAgain() {
	p.write.Look()
	p.limit.Look()
	p.metrics.Look()
}

// addresses are those of the slices, first those of the one that API servers write
// themselves.
func addresses(list []*discoveryv1.EndpointSlice) []string {
	const own = "kubernetes"
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *discoveryv1.EndpointSlice) int {
		switch {
		case a.Name == b.Name:
			return 0
		case a.Name == own:
			return -1
		case b.Name == own:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	var servers []string
	for _, slice := range list {
		for _, port := range slice.Ports {
			if port.Port == nil || (port.Name != nil && *port.Name != "" && *port.Name != "https") {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				for _, address := range endpoint.Addresses {
					servers = append(servers, net.JoinHostPort(address, strconv.Itoa(int(*port.Port))))
				}
			}
		}
	}
	return servers
}

func (p *Prober) readLeases() error {
	list, err := p.discovery.Leases()
	if err != nil {
		return err
	}
	var states []LeaseState
	var servers []string
	for _, lease := range list {
		if lease.Labels[identityLabel] != "kube-apiserver" || lease.Spec.RenewTime == nil {
			continue
		}
		state := LeaseState{Hostname: lease.Labels[hostnameLabel], Renewed: lease.Spec.RenewTime.Time}
		// The annotation is host:port. A loopback address would be ours, not theirs.
		if host, _, err := net.SplitHostPort(lease.Annotations[peerAddressAnnotation]); err == nil && host != "" {
			state.Server = lease.Annotations[peerAddressAnnotation]
			servers = append(servers, state.Server)
		}
		states = append(states, state)
	}
	p.learn(Lease, servers)
	slices.SortFunc(states, func(a, b LeaseState) int {
		return strings.Compare(a.Hostname+" "+a.Server, b.Hostname+" "+b.Server)
	})
	p.mu.Lock()
	p.leases = states[:min(len(states), mostServers)]
	p.mu.Unlock()
	return nil
}

// learn makes known the servers that announce themselves, the first ones of too many.
func (p *Prober) learn(origin Origin, servers []string) {
	leftOut := 0
	for _, server := range servers {
		switch err := p.know(server, "https://"+server, origin); {
		case errors.Is(err, errTooMany):
			leftOut++
		case err != nil:
			p.logger.Warn("API server cannot be probed", "server", server, "origin", origin, "err", err)
		}
	}
	p.mu.Lock()
	before := p.leftOut[origin]
	p.leftOut[origin] = leftOut
	p.mu.Unlock()
	if leftOut != before {
		p.logger.Warn("more API servers announce themselves than are probed", "origin", origin, "probed", mostServers, "left_out", leftOut)
	}
}

// LeftOut is how many servers announce themselves and are not probed, because there are
// too many.
func (p *Prober) LeftOut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := 0
	for _, n := range p.leftOut { // most announce themselves in both ways
		most = max(most, n)
	}
	return most
}

// confirm keeps what one origin listed before, while that origin is silent.
func (p *Prober) confirm(origin Origin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.instances {
		if _, ok := i.seen[origin]; ok {
			i.seen[origin] = p.now()
		}
	}
}

func (p *Prober) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for server, i := range p.instances {
		for origin, at := range i.seen {
			if origin != Configured && origin != Flag && p.now().Sub(at) > forgetAfter {
				delete(i.seen, origin)
			}
		}
		if len(i.seen) == 0 {
			delete(p.instances, server)
			p.lookAgain()
			i.close()
			if v := p.versions.Load(); v != nil {
				v.tracker.Forget(server)
			}
		}
	}
}

// Down tells whether all servers that are known so far were asked, and none
// answers. Of a recording it is not known.
func (p *Prober) Down() bool {
	answers := p.health.Answers()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.instances {
		if a, asked := answers[i]; !asked || a.Value.up {
			return false
		}
	}
	return p.options.Recorded == nil && len(p.instances) > 0
}
