package matrix

import (
	"fmt"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// most is in how many pairs a fault is.
const most = 3

// Pairs makes that many cases of two faults at once that have nothing to do with each other:
// they strike different parts of the lab, neither alert may follow from the other, and no
// alert from both.
func Pairs(all []faults.Fault, causes string, number int) ([]Case, error) {
	g, err := readGraph(causes)
	if err != nil {
		return nil, err
	}
	var pairs []Case
	in := map[string]int{}
	for i, a := range all {
		for j := i + 1; j < len(all) && len(pairs) < number; j++ {
			b := all[j]
			if in[a.Name] >= most || in[b.Name] >= most || hides(a) || hides(b) || a.Strikes == b.Strikes || a.Alert == b.Alert || g.common(a, b) {
				continue
			}
			in[a.Name]++
			in[b.Name]++
			pairs = append(pairs, Case{Faults: []faults.Fault{a, b}})
		}
	}
	if len(pairs) < number {
		return nil, fmt.Errorf("there are %d pairs, and not %d", len(pairs), number)
	}
	return pairs, nil
}

// hides tells whether a fault is of what all others need to be seen.
func hides(f faults.Fault) bool {
	return f.Strikes == faults.ControlPlane || f.Strikes == faults.Etcd || f.Strikes == faults.Exporter
}

// Outliving are cases in which a cause ends while what is explained by it has a reason of
// its own, too, and stays.
func Outliving(all []faults.Fault) []Case {
	var cases []Case
	for _, names := range [][2]string{
		{"apiserver-hung", "kubelet-killed"}, {"etcd-full", "scheduler-killed"}, {"apiserver-killed", "controller-manager-killed"}, {"scheduler-killed", "pod-unschedulable"},
	} {
		var c Case
		for _, f := range all {
			if f.Name == names[0] || f.Name == names[1] {
				c.Faults = append(c.Faults, f)
			}
		}
		if len(c.Faults) < 2 {
			continue // not all are chosen
		}
		if c.Faults[0].Name != names[0] {
			c.Faults[0], c.Faults[1] = c.Faults[1], c.Faults[0]
		}
		c.Outlives = true
		cases = append(cases, c)
	}
	return cases
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
