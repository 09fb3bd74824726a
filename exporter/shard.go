package exporter

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
)

// nodeLabel is the label by which series are divided.
const nodeLabel = "node"

// shardLabel is the label of counts of which each shard tells a part, and noShard its
// value where there are no shards.
const shardLabel, noShard = "shard", "0"

// Shard is one of several exporters that divide the series of a cluster: those of a
// node are told by one of them, and those of no node by the first. The zero value
// tells all.
type Shard struct{ Index, Total int }

// Validate returns an error if there is no such shard.
func (s Shard) Validate() error {
	if s.Total < 1 || s.Index < 0 || s.Index >= s.Total {
		return fmt.Errorf("there is no shard %d of %d: shards count from 0", s.Index, s.Total)
	}
	return nil
}

// First tells whether the shard is the one that tells of what belongs to no node.
func (s Shard) First() bool { return s.Index == 0 }

// Owns tells whether the shard tells of a node. All shards agree on it, without asking
// each other.
func (s Shard) Owns(node string) bool {
	if s.Total <= 1 {
		return true
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(node))
	return int(h.Sum64()%uint64(s.Total)) == s.Index
}

// PerNode tells whether a metric has series of nodes.
func (d *Desc) PerNode() bool { return slices.Contains(d.Labels, nodeLabel) }

// keeps tells whether the shard tells of a sample, and puts its number where that belongs.
// What says how far a shard sees is said by each of them.
func (s Shard) keeps(m *sample, undivided bool) bool {
	if s.Total <= 1 {
		return true
	}
	if m.of.part {
		m.labels[len(m.labels)-1] = strconv.Itoa(s.Index)
		return true
	}
	if i := slices.Index(m.of.Labels, nodeLabel); i >= 0 && m.labels[i] != "" {
		return s.Owns(m.labels[i])
	}
	return undivided || s.First()
}
