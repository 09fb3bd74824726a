package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/realnode"
)

const initCommand = realnode.InitCommand

func nodeInit(_ context.Context, args []string) error { return realnode.Init(args) }

// down removes what is left of labs that were killed.
func down(ctx context.Context, _ []string) error {
	n, err := realnode.Clean(ctx)
	fmt.Printf("removed what %d labs with real nodes had left, and the folders of %d labs\n", n, cluster.RemoveForgotten())
	return err
}

// probe tells whether this machine can have real nodes, and if not, why.
func probe(ctx context.Context, _ []string) error {
	if err := realnode.Supported(ctx); err != nil {
		return err
	}
	cgroups, err := realnode.Cgroups()
	if err == nil {
		fmt.Printf("this machine can have real nodes, with %s\n", cgroups)
	}
	return err
}

// startReal starts a cluster with real nodes; release ends these.
func startReal(ctx context.Context, o cluster.Options, nodes int) (c *cluster.Cluster, release func(), err error) {
	programs := filepath.Dir(o.Binary)
	if err := realnode.Supported(ctx); err != nil {
		return nil, nil, err
	}
	place, err := realnode.Reserve(ctx, programs)
	if err != nil {
		return nil, nil, err
	}
	leave := func() {
		if err := place.Release(context.WithoutCancel(ctx)); err != nil {
			o.Logf("%v", err)
		}
	}
	o.Address, o.ServiceNetwork = place.Address(), place.ServiceNetwork()
	if c, err = cluster.Start(ctx, o); err != nil {
		leave()
		return nil, nil, err
	}
	api, err := furnish(ctx, place, c, nodes, o.Logf)
	if err != nil {
		c.Fail()
		leave()
		c.Stop()
		return nil, nil, fmt.Errorf("%w (logs in %s)", err, c.LogDir())
	}
	return c, func() { api.Close(); leave() }, nil
}

// furnish adds nodes, cluster DNS and a metrics API, which the caller closes.
func furnish(ctx context.Context, place *realnode.Place, c *cluster.Cluster, nodes int, logf func(string, ...any)) (*cluster.MetricsAPI, error) {
	measured := cluster.PodMetrics{CPU: "1m"}
	for _, k := range c.Kubelets() {
		measured.Nodes = append(measured.Nodes, k.Name)
	}
	for range nodes {
		n, err := place.Add(ctx, c)
		if err != nil {
			return nil, err
		}
		logf("%s is ready, at %s", n.Name, n.Address())
		measured.Nodes = append(measured.Nodes, n.Name)
	}
	if err := place.AddDNS(ctx, c); err != nil {
		return nil, err
	}
	return c.ServeMetricsAPI(ctx, measured)
}
