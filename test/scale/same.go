package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/exporter"
)

// saidOfEach are the states that are told of each healthy node, and why.
func saidOfEach() map[string]string {
	return map[string]string{
		"kubevitals_node_readiness_ready":   "says which nodes there are, which alerts compare with those of which something is told",
		"kubevitals_kubelet_available":      "says which kubelets can be read, without which no absence proves anything",
		"kubevitals_watch_streams_strategy": "is needed to claim that a kubelet watches, which nothing that is absent can",
	}
}

// sameEverywhere returns an error that names the states which are told of each of that
// many nodes though they are the same of all: those should be told where they deviate.
func sameEverywhere(families exporter.Families, nodes int) error {
	var err error
	for _, f := range families {
		node := slices.Index(f.Desc.Labels, "node")
		if node < 0 || saidOfEach()[f.Desc.Name] != "" {
			continue
		}
		told, values := map[string]int{}, map[string]map[float64]bool{}
		f.Each(func(labels []string, value float64) {
			others := strings.Join(slices.Concat(labels[:node], labels[node+1:]), ", ")
			told[others]++
			if values[others] == nil {
				values[others] = map[float64]bool{}
			}
			values[others][value] = true
		})
		for others, n := range told {
			if v := values[others]; n >= nodes && len(v) == 1 && (v[0] || v[1]) {
				err = errors.Join(err, fmt.Errorf("%s{%s} is the same state on all %d healthy nodes", f.Desc.Name, others, n))
			}
		}
	}
	return err
}
