package livestatus

import (
	"maps"
	"slices"

	"github.com/kubevitals/kubevitals/exporter"
)

// kubeletAvailable has samples of each node whose kubelet is looked at.
const kubeletAvailable = exporter.Namespace + "_kubelet_available"

// nodesIn are the nodes that any sample is of. What is the same of all healthy nodes is no
// series of each, but whether its kubelet could be read is.
func nodesIn(families exporter.Families) []string {
	if families.Of(kubeletAvailable).Len() == 0 {
		return nil
	}
	nodes := map[string]bool{}
	for _, f := range families {
		at := slices.Index(f.Desc.Labels, "node")
		if at < 0 {
			continue
		}
		f.Each(func(labels []string, _ float64) { nodes[labels[at]] = true })
	}
	delete(nodes, "")
	return slices.Sorted(maps.Keys(nodes))
}
