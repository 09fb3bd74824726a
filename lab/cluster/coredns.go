package cluster

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// CoreDNSEnv names the CoreDNS binary.
const CoreDNSEnv = "KUBEVITALS_COREDNS"

// CoreDNS is a running CoreDNS on loopback, a process beside the cluster: no pod
// of the lab has a network.
type CoreDNS struct {
	*Process
	// Address is where it answers, over UDP and TCP.
	Address string
	// Metrics is the URL of its metrics.
	Metrics string
}

// StartHosts starts a CoreDNS that answers for one name alone and refuses all
// others, which is as much of the Internet as the lab needs.
func (c *Cluster) StartHosts(ctx context.Context, name, host, ip string) (*CoreDNS, error) {
	// A short life in the caches of those who ask lets a fault be seen soon.
	return c.startCoreDNS(ctx, name, fmt.Sprintf("hosts {\n%s %s\nttl 1\n}\n", ip, host))
}

// StartCoreDNS starts a CoreDNS as clusters have it: it serves cluster.local out
// of the API server and forwards everything else to upstream (host:port). An
// empty apiServer means this cluster's; a test may name one that is dead.
func (c *Cluster) StartCoreDNS(ctx context.Context, name, upstream, apiServer string) (*CoreDNS, error) {
	from := "kubeconfig " + c.AdminKubeconfig()
	if apiServer != "" {
		from = "endpoint " + apiServer
	}
	return c.startCoreDNS(ctx, name, fmt.Sprintf(`kubernetes cluster.local in-addr.arpa ip6.arpa {
%s
pods insecure
fallthrough in-addr.arpa ip6.arpa
}
forward . %s
cache 30
loop
loadbalance
`, from, upstream))
}

func (c *Cluster) startCoreDNS(ctx context.Context, name, plugins string) (*CoreDNS, error) {
	binary := os.Getenv(CoreDNSEnv)
	if binary == "" {
		return nil, fmt.Errorf("no CoreDNS: set %s, or run make e2e", CoreDNSEnv)
	}
	free, err := FreePorts(ctx, 4)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(".:%d {\nbind 127.0.0.1\nerrors\nhealth 127.0.0.1:%d\nready 127.0.0.1:%d\nprometheus 127.0.0.1:%d\n%s}\n",
		free[0], free[1], free[2], free[3], plugins)
	corefile := filepath.Join(c.options.Dir, name+".corefile")
	if err := os.WriteFile(corefile, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("corefile: %w", err)
	}
	health := fmt.Sprintf("http://127.0.0.1:%d/health", free[1])
	d := &CoreDNS{
		Process: newProcess(binary, c.LogDir(), name, []string{"-conf", corefile}, func(ctx context.Context) error { return answersOK(ctx, health) }),
		Address: fmt.Sprintf("127.0.0.1:%d", free[0]),
		Metrics: fmt.Sprintf("http://127.0.0.1:%d/metrics", free[3]),
	}
	if err := d.Start(ctx); err != nil {
		d.Kill()
		return nil, err
	}
	return d, nil
}

func answersOK(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
