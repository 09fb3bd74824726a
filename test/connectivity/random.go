package main

import (
	"fmt"
	"math/rand/v2"
)

// RandomCases returns clusters of all sizes, with several faults at once, results
// at random, sources that are missing and nodes that are known to be down.
func RandomCases(r *rand.Rand, n int) []Case {
	cases := make([]Case, 0, n)
	for range n {
		t := NewTopology(2+r.IntN(24), r.IntN(5), 1+r.IntN(8))
		s := State{Results: map[int]Result{}, Down: map[int]bool{}}
		c := Case{Name: fmt.Sprintf("%d nodes", len(t.names)), Topology: t, State: s}
		faults := nodeFaults()
		if t.zones[0] >= 0 {
			faults = Faults()
		}
		for range r.IntN(3) {
			f := faults[r.IntN(len(faults))]
			f.Apply(r, t, s)
			c.Name += ", " + f.Name
		}
		scatter(r, t, s)
		cases = append(cases, c)
	}
	return cases
}

// scatter changes single paths and nodes.
func scatter(r *rand.Rand, t *Topology, s State) {
	share := []float64{0, 0.02, 0.2, 0.6}[r.IntN(4)]
	kinds := []Result{OK, Refused, Timeout, LargeFailed, Missing}
	if r.IntN(2) == 0 {
		kinds = []Result{OK, Refused, LargeFailed}
	}
	for i := range t.edges {
		if r.Float64() < share {
			s.Results[i] = kinds[r.IntN(len(kinds))]
		}
	}
	if r.IntN(4) == 0 {
		s.Down[r.IntN(len(t.names))] = true
	}
	if r.IntN(4) == 0 {
		x := r.IntN(len(t.names))
		unseen(t, s, func(n int) bool { return n == x })
	}
}
