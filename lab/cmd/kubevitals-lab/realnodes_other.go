//go:build !linux

package main

import (
	"context"
	"errors"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

const initCommand = "node-init"

var errNotLinux = errors.New("real nodes need Linux")

func nodeInit(context.Context, []string) error { return errNotLinux }

func down(context.Context, []string) error { return errNotLinux }

func probe(context.Context, []string) error { return errNotLinux }

func startReal(context.Context, cluster.Options, int) (*cluster.Cluster, func(), error) {
	return nil, nil, errNotLinux
}
