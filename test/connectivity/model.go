package main

import (
	"fmt"
	"maps"
	"slices"
)

// The thresholds, as in mixin/config.libsonnet.
const (
	nodeRatio = 0.5
	nodePaths = 2
	manyNodes = 3
	manyRatio = 0.5
	manyPaths = 20
	zoneRatio = 0.8
	zoneNodes = 2
)

// fault is what kind of packets are lost.
type fault int

const (
	cut fault = iota
	mtu
)

func (f fault) String() string { return []string{"cut", "mtu"}[f] }

func faultOf(r Result) (fault, bool) {
	switch r {
	case Timeout:
		return cut, true
	case LargeFailed:
		return mtu, true
	}
	return 0, false
}

// end is one side of the paths of a node in one direction.
type end struct {
	node, direction int
	into            bool
	fault           fault
}

// judgement is what the recording rules come to.
type judgement struct {
	t      *Topology
	s      State
	bad    []int
	causes map[end]bool
	// zones are pairs of zones, from and to, that are parted.
	zones map[[2]int]bool
	lone  map[fault][]int
	// wide tells of a fault in a network (0 nodes, 1 pods) at many places.
	wide map[fault][2]bool
}

// Judge returns the alerts whose condition holds, as their names and labels.
func Judge(t *Topology, s State) map[string]bool {
	j := &judgement{t: t, s: s, causes: map[end]bool{}, zones: map[[2]int]bool{}, lone: map[fault][]int{}, wide: map[fault][2]bool{}}
	j.findBad()
	if len(j.bad) == 0 {
		return nil
	}
	j.findCauses()
	j.findZones()
	j.findLone()
	j.findWide()
	return j.alerts()
}

func (j *judgement) findBad() {
	for i, r := range j.s.Results {
		if _, bad := faultOf(r); bad && j.s.known(j.t, i) {
			j.bad = append(j.bad, i)
		}
	}
	slices.Sort(j.bad)
}

func (j *judgement) fault(i int) fault {
	f, _ := faultOf(j.s.Results[i])
	return f
}

func (j *judgement) findCauses() {
	failing := map[end]int{}
	for _, i := range j.bad {
		e, f := j.t.edges[i], j.fault(i)
		failing[end{e.from, e.direction, false, f}]++
		failing[end{e.to, e.direction, true, f}]++
	}
	for x, n := range failing {
		if n < nodePaths {
			continue
		}
		if float64(n)/float64(j.paths(x)) > nodeRatio {
			j.causes[x] = true
		}
	}
}

// paths is the number of those at an end in which the bad ones are a share: of those that
// begin there the good and the bad ones, and of those that end there, of which only the
// bad ones are told one by one, as many as any node probes and no host refuses.
func (j *judgement) paths(x end) int {
	n := 0
	if x.into {
		n = j.t.peers
		for _, i := range j.t.in[x.node] {
			if j.t.edges[i].direction == x.direction && j.s.Results[i] == Refused {
				n--
			}
		}
		return n
	}
	for _, i := range j.t.out[x.node] {
		if j.t.edges[i].direction == x.direction && j.s.counts(j.t, i) {
			n++
		}
	}
	return n
}

func (j *judgement) findZones() {
	type seen struct {
		paths    int
		from, to map[int]bool
	}
	pairs := map[[2]int]*seen{}
	for _, i := range j.bad {
		pair, ok := j.crossing(i)
		if !ok || j.fault(i) != cut {
			continue
		}
		if pairs[pair] == nil {
			pairs[pair] = &seen{from: map[int]bool{}, to: map[int]bool{}}
		}
		p := pairs[pair]
		p.paths++
		p.from[j.t.edges[i].from], p.to[j.t.edges[i].to] = true, true
	}
	maps.DeleteFunc(pairs, func(_ [2]int, p *seen) bool { return len(p.from) < zoneNodes || len(p.to) < zoneNodes })
	if len(pairs) == 0 {
		return
	}
	known := map[[2]int]int{}
	for i := range j.t.edges {
		if pair, ok := j.crossing(i); ok && j.s.counts(j.t, i) {
			known[pair]++
		}
	}
	for pair, p := range pairs {
		if float64(p.paths)/float64(known[pair]) > zoneRatio {
			j.zones[pair] = true
		}
	}
}

// crossing returns the zones that a path between nodes connects, if they differ.
func (j *judgement) crossing(i int) ([2]int, bool) {
	e := j.t.edges[i]
	pair := [2]int{j.t.zones[e.from], j.t.zones[e.to]}
	return pair, e.direction == nodeToNode && pair[0] >= 0 && pair[0] != pair[1]
}

func (j *judgement) findLone() {
	cutAt, anyAt := map[int]bool{}, map[int]bool{}
	for x := range j.causes {
		anyAt[x.node] = true
		cutAt[x.node] = cutAt[x.node] || x.fault == cut
	}
	for _, i := range j.bad {
		f, explained := j.fault(i), cutAt
		if f == mtu {
			explained = anyAt
		}
		if e := j.t.edges[i]; !explained[e.from] && !explained[e.to] {
			j.lone[f] = append(j.lone[f], i)
		}
	}
}

func (j *judgement) findWide() {
	for _, f := range []fault{cut, mtu} {
		ofNodes, ofPods := j.causesOf(f)
		var paths [2]int
		for _, i := range j.lone[f] {
			paths[min(j.t.edges[i].direction, 1)]++
		}
		var wide [2]bool
		for network, n := range []int{len(ofNodes), len(ofPods)} {
			wide[network] = n > manyNodes || n >= 2 && float64(n) >= manyRatio*float64(len(j.t.names)) || paths[network] > manyPaths
		}
		j.wide[f] = wide
	}
}

// causesOf returns the nodes that cause a fault in the network of nodes, and those
// that do in the network of pods only.
func (j *judgement) causesOf(f fault) (ofNodes, ofPods map[int]bool) {
	ofNodes, ofPods = map[int]bool{}, map[int]bool{}
	for x := range j.causes {
		if x.fault == f && x.direction == nodeToNode {
			ofNodes[x.node] = true
		}
	}
	for x := range j.causes {
		if x.fault == f && x.direction != nodeToNode && !ofNodes[x.node] {
			ofPods[x.node] = true
		}
	}
	return ofNodes, ofPods
}

func zoneName(z int) string { return fmt.Sprintf("z%d", z) }
