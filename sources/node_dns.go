package sources

import (
	"errors"
	"fmt"
	"net"

	miekg "github.com/miekg/dns"

	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/health"
)

// NodeDNS asks DNS servers from the node: those of the options, or else those that
// the file names. A file without any makes the source unavailable.
func (s *Sources) NodeDNS(o dns.Options, file string) (results func() ([]dns.Result, error), err error) {
	if len(o.Servers) == 0 {
		h := s.newHealth("resolv_conf")
		servers, err := nameServers(file)
		if err != nil {
			h.Fail(err)
			return func() ([]dns.Result, error) { return nil, h.Err() }, nil
		}
		h.Succeed()
		o.Servers = servers
	}
	p, err := dns.New(o, dns.Discovery{}, s.Logger(), s.Now)
	if err != nil {
		return nil, err
	}
	s.runs = append(s.runs, p.Run)
	return p.Results, nil
}

// nameServers returns the servers of a resolv.conf. A resolver asks three at the
// most; the kubelet writes no more.
func nameServers(file string) ([]string, error) {
	config, err := miekg.ClientConfigFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("servers of %s: %w", file, err)
	}
	const most = 3
	var servers []string
	for _, s := range config.Servers[:min(len(config.Servers), most)] {
		servers = append(servers, net.JoinHostPort(s, config.Port))
	}
	if len(servers) == 0 {
		return nil, errNoServers
	}
	return servers, nil
}

// noServersError is a resolv.conf that names no server.
type noServersError struct{ error }

// Reason says what the error means.
func (noServersError) Reason() health.Reason { return health.NotFound }

var errNoServers = noServersError{errors.New("resolv.conf names no server")}
