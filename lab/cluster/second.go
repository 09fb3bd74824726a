package cluster

import (
	"context"
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// SecondAPIServer is another API server with the keys of the cluster's own.
type SecondAPIServer struct {
	Process *Process
	URL     string
	// REST is the administrator's configuration for it.
	REST *rest.Config
}

// StartAPIServer starts another API server on an etcd: that of the cluster, or
// another that StartRestoredEtcd made. The caller kills it.
func (c *Cluster) StartAPIServer(ctx context.Context, name, etcd string) (*SecondAPIServer, error) {
	free, err := FreePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	s := &SecondAPIServer{URL: fmt.Sprintf("https://127.0.0.1:%d", free[0]), REST: c.RESTConfig()}
	s.REST.Host = s.URL
	client, err := kubernetes.NewForConfig(s.REST)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", name, err)
	}
	args := append([]string{APIServer}, c.apiServerArgs(free[0], etcd)...)
	s.Process = newProcess(c.options.Binary, c.LogDir(), name, args, func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
	if err := s.Process.Start(ctx); err != nil {
		s.Process.Kill()
		return nil, err
	}
	return s, nil
}
