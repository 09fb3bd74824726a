package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
)

// sharding are the flags by which several exporters divide a cluster.
type sharding struct {
	index int
	total int
}

// noShard is the number of the shard unless the flag says another.
const noShard = -1

func (s *sharding) flags(app *kingpin.Application) {
	collectors.Whole(app.Flag("shard", "Which of the shards this is, from 0. The first tells of the cluster, and each of the nodes that fall to it. Without it: the number at the end of $POD_NAME, as in the pods of a StatefulSet.").
		PlaceHolder("N").Default(strconv.Itoa(noShard)), &s.index)
	collectors.Whole(app.Flag("total-shards", "Number of exporters that divide the kubelets and the series of nodes among them.").
		Default("1"), &s.total)
}

// of returns the shard of the flags, in the pod of a name.
func (s *sharding) of(pod string, scope collectors.Scope) (exporter.Shard, error) {
	shard := exporter.Shard{Index: s.index, Total: s.total}
	switch {
	case s.total < 1:
		return shard, fmt.Errorf("--total-shards=%d: give 1 or more", s.total)
	case s.total > 1 && scope != collectors.Cluster:
		return shard, errors.New("--total-shards: agents on nodes are not divided; leave it out with --scope=node")
	case s.index == noShard && s.total == 1:
		shard.Index = 0
	case s.index == noShard:
		ordinal, err := strconv.Atoi(pod[strings.LastIndex(pod, "-")+1:])
		if err != nil {
			return shard, errors.New("--total-shards: which of them is this? Give --shard, or the name of the pod of a StatefulSet in $POD_NAME")
		}
		shard.Index = ordinal
	}
	if err := shard.Validate(); err != nil {
		return shard, fmt.Errorf("--shard, --total-shards: %w", err)
	}
	return shard, nil
}
