package connectivity

import (
	"cmp"
	"hash/fnv"
	"slices"
)

// Ring arranges the nodes on a circle in an order that everybody computes alike
// and that has nothing to do with names, racks or age. Repeated names count once.
func Ring(nodes []string) []string {
	type place struct {
		at   uint64
		name string
	}
	places := make([]place, 0, len(nodes))
	for _, n := range nodes {
		places = append(places, place{position(n), n})
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.name, b.name))
	})
	places = slices.Compact(places)
	ring := make([]string, len(places))
	for i, p := range places {
		ring[i] = p.name
	}
	return ring
}

// Choose returns the k nodes that come after own on the ring. Everybody who does
// so probes k nodes and is probed by exactly k others, all different; a node that
// comes or goes changes one peer of each of the k nodes before it, and nothing
// else.
func Choose(own string, ring []string, k int) []string {
	start := slices.Index(ring, own)
	if start < 0 {
		return nil
	}
	k = min(k, len(ring)-1)
	chosen := make([]string, 0, k)
	for i := 1; i <= k; i++ {
		chosen = append(chosen, ring[(start+i)%len(ring)])
	}
	return chosen
}

// position spreads the hash of a name: FNV alone leaves names that differ in
// their last letter next to each other.
func position(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
