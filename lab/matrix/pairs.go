package matrix

import (
	"fmt"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// Pairs makes cases of two faults at once that have nothing to do with each other: neither
// alert may follow from the other, nor any alert from both, and they strike different
// parts of the lab. Each fault is in few of them.
func Pairs(all []faults.Fault, causes string, most int) ([]Case, error) {
	g, err := readGraph(causes)
	if err != nil {
		return nil, err
	}
	var pairs []Case
	for step := 1; step < len(all) && len(pairs) < most; step++ {
		for i := 0; i+step < len(all) && len(pairs) < most; i += 2 {
			a, b := all[i], all[i+step]
			if a.Alert != b.Alert && !g.common(a, b) {
				pairs = append(pairs, Case{Faults: []faults.Fault{a, b}})
			}
		}
	}
	if len(pairs) < most {
		return nil, fmt.Errorf("there are %d pairs, and not %d", len(pairs), most)
	}
	return pairs, nil
}

// common tells whether one of the alerts may follow from the other, or others from both.
func (g graph) common(a, b faults.Fault) bool {
	ofA, ofB := g.follows(a.Alert, a.Labels), g.follows(b.Alert, b.Labels)
	if ofA[b.Alert] != nil || ofB[a.Alert] != nil {
		return true
	}
	for name := range ofA {
		if ofB[name] != nil {
			return true
		}
	}
	return false
}
