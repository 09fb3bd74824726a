package main

import (
	"context"
	"errors"
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
	fmt.Printf("removed what %d labs with real nodes had left\n", n)
	return err
}

// probe tells whether this machine can have real nodes, and if not, why.
func probe(ctx context.Context, _ []string) error {
	err := realnode.Supported(ctx)
	if err == nil {
		fmt.Println("this machine can have real nodes")
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
	release = func() {
		if err := place.Release(context.WithoutCancel(ctx)); err != nil {
			o.Logf("%v", err)
		}
	}
	o.Address, o.ServiceNetwork = place.Address(), place.ServiceNetwork()
	if c, err = cluster.Start(ctx, o); err != nil {
		release()
		return nil, nil, err
	}
	for range nodes {
		n, err := place.Add(ctx, c)
		if err == nil {
			o.Logf("%s is ready, at %s", n.Name, n.Address())
			continue
		}
		c.Fail()
		release()
		c.Stop()
		return nil, nil, fmt.Errorf("%w (logs in %s)", err, c.LogDir())
	}
	if err := place.AddDNS(ctx, c); err != nil {
		release()
		c.Stop()
		return nil, nil, errors.Join(err)
	}
	return c, release, nil
}
