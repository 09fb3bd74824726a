package connectivity

import (
	"fmt"
	"slices"
	"testing"
)

func names(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("node-%d", i))
	}
	return all
}

func choices(ring []string, k int) map[string][]string {
	all := map[string][]string{}
	for _, n := range ring {
		all[n] = Choose(n, ring, k)
	}
	return all
}

// TestEveryNodeIsProbedByAsManyAsItProbes verifies it for all sizes: fewer nodes than
// peers, too.
func TestEveryNodeIsProbedByAsManyAsItProbes(t *testing.T) {
	t.Parallel()
	const k = 8
	for _, n := range []int{1, 2, 3, 8, 9, 10, 100, 1000} {
		probers := map[string]int{}
		for own, chosen := range choices(Ring(names(n)), k) {
			if len(chosen) != min(k, n-1) || slices.Contains(chosen, own) {
				t.Fatalf("of %d nodes %s probes %v", n, own, chosen)
			}
			slices.Sort(chosen)
			if len(slices.Compact(chosen)) != min(k, n-1) {
				t.Fatalf("of %d nodes %s probes one twice: %v", n, own, chosen)
			}
			for _, c := range chosen {
				probers[c]++
			}
		}
		for _, name := range names(n) {
			if probers[name] != min(k, n-1) {
				t.Errorf("of %d nodes %d probe %s", n, probers[name], name)
			}
		}
	}
}

// TestANodeThatLeavesMovesFewPeers: k nodes get one other peer each.
func TestANodeThatLeavesMovesFewPeers(t *testing.T) {
	t.Parallel()
	const k = 8
	before := Ring(names(1000))
	gone := before[500]
	old := choices(before, k)
	fewer := choices(slices.DeleteFunc(slices.Clone(before), func(n string) bool { return n == gone }), k)
	nodes, pairs := 0, 0
	for own, chosen := range fewer {
		fresh := slices.DeleteFunc(slices.Clone(chosen), func(n string) bool { return slices.Contains(old[own], n) })
		if pairs += len(fresh); len(fresh) > 0 {
			nodes++
		}
	}
	if nodes != k || pairs != k {
		t.Errorf("%d nodes got %d new peers, want %d each", nodes, pairs, k)
	}
}

// TestNamesInARowAreNotNeighbours: nodes of one rack are often numbered.
func TestNamesInARowAreNotNeighbours(t *testing.T) {
	t.Parallel()
	near := 0
	for own, chosen := range choices(Ring(names(1000)), 8) {
		var i int
		if _, err := fmt.Sscanf(own, "node-%d", &i); err != nil {
			t.Fatal(err)
		}
		for _, c := range chosen {
			if c == fmt.Sprintf("node-%d", i+1) || c == fmt.Sprintf("node-%d", i-1) {
				near++
			}
		}
	}
	// By chance 2 of 999 are: 16 of 8,000.
	if near > 40 {
		t.Errorf("%d of 8000 peers have the next number", near)
	}
}

func TestANodeThatIsNotListedProbesNoOther(t *testing.T) {
	t.Parallel()
	if got := Choose("other", Ring(names(5)), 8); got != nil {
		t.Errorf("chose %v", got)
	}
	if got := Ring([]string{"a", "b", "a"}); len(got) != 2 {
		t.Errorf("ring of two names: %v", got)
	}
}
