// Package collectors says what is watched: one file per failure mode of a
// Kubernetes cluster. Every file declares its failure mode as a Definition;
// Catalogue lists them. Collectors state facts; judgement lives in the mixin.
package collectors

import (
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

// Scope says from where a failure mode can be seen.
type Scope string

const (
	// Cluster scope reads the API server and the kubelets over the network.
	Cluster Scope = "cluster"
	// Node scope reads the files and sockets of the node it runs on.
	Node Scope = "node"
)

// Definition describes one failure mode before any flag is parsed. What is
// known at that time (names, metrics, rights) is data, so that help texts,
// documentation, RBAC and tests are derived from it.
type Definition struct {
	// Name is the file, the flag, the collector label and the metric subsystem.
	Name string
	// Help is the failure mode in one sentence.
	Help string
	// Scope moves only the default: an explicit flag always wins.
	Scope Scope
	// Default tells whether the collector runs in its scope unless told otherwise.
	Default bool
	// Metrics are all metrics that the collector may send.
	Metrics []*exporter.Desc
	// Steady are those of the metrics that a healthy cluster is always told by: where
	// there is no sample of one, nothing was read that could tell, and an alert that
	// goes by it proves nothing.
	Steady []*exporter.Desc
	// Each are values that a label of a steady metric may have, of which each has a sample
	// wherever it can be told of: an alert about one that is not there proves nothing.
	Each map[*exporter.Desc]map[string][]string
	// Counted are those of the metrics that are sent where something deviates only, with
	// the count beside each: while it counts none whose state is known, an alert that goes
	// by the metric proves nothing.
	Counted map[*exporter.Desc]*exporter.Desc
	// Reads is what New asks of a cluster with the options' defaults; what that needs
	// in turn may be left out. Rights follow from it.
	Reads []sources.Read
	// Privileges are what an agent on a node is given for it, which other pods are not.
	Privileges []Privilege
	// Flags declares the collector's own options; nil when it has none.
	Flags func(*Flags)
	// Configure hands options that concern a shared source over to it, after
	// the flags were parsed and before the sources are built; nil when none do.
	Configure func(*sources.Config)
	// Replay says that the facts are of the moment, such as answers to probes: a
	// dump of the cluster holds recorded samples of them or nothing. All others are
	// worked out anew from the objects and bodies of a dump.
	Replay bool
	// New builds the collector. What it asks of Sources is what gets watched:
	// a disabled collector costs no watch, no memory and no rights.
	New func(*sources.Sources) (exporter.Collector, error)
}
