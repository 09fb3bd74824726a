package main

import (
	"fmt"
	"maps"
)

// alerts says what the alerting rules make of a judgement.
func (j *judgement) alerts() map[string]bool {
	all := map[string]bool{}
	say := func(format string, args ...any) { all[fmt.Sprintf(format, args...)] = true }
	if len(j.zones) > 0 {
		say(`KubeVitalsZonesCutOff zone=%q`, j.worstZone())
		return all
	}
	for f, wide := range j.wide {
		switch {
		case wide[0]:
			say(`KubeVitalsNetworkFailing fault=%q network="node"`, f)
		case wide[1]:
			say(`KubeVitalsNetworkFailing fault=%q network="pod"`, f)
		}
	}
	if !j.wide[cut][0] {
		j.nodeAlerts(say)
	}
	if !j.wide[cut][0] && !j.wide[cut][1] {
		j.podAlerts(say)
		j.pathAlerts(say)
	}
	if !j.wide[mtu][0] && !j.wide[mtu][1] {
		j.mtuAlerts(say)
	}
	return all
}

// worstZone is the zone that most others do not reach, or several.
func (j *judgement) worstZone() string {
	from, most := map[int]int{}, 0
	for pair := range j.zones {
		from[pair[1]]++
		most = max(most, from[pair[1]])
	}
	maps.DeleteFunc(from, func(_, n int) bool { return n < most })
	for zone := range from {
		if len(from) == 1 {
			return zoneName(zone)
		}
	}
	return "several"
}

func (j *judgement) nodeAlerts(say func(string, ...any)) {
	for x := range j.causes {
		if x.fault != cut || x.direction != nodeToNode {
			continue
		}
		both := j.causes[end{x.node, nodeToNode, !x.into, cut}]
		switch name := j.t.names[x.node]; {
		case both, x.into && !j.heard(x.node):
			say(`KubeVitalsNodeCutOff node=%q`, name)
		case x.into:
			say(`KubeVitalsNodeOneWay node=%q side="in"`, name)
		default:
			say(`KubeVitalsNodeOneWay node=%q side="out"`, name)
		}
	}
}

// heard tells whether the node itself tells of paths to other nodes.
func (j *judgement) heard(node int) bool {
	for _, i := range j.t.out[node] {
		if r := j.s.Results[i]; j.t.edges[i].direction == nodeToNode && r != Missing {
			return true
		}
	}
	return false
}

func (j *judgement) podAlerts(say func(string, ...any)) {
	_, ofPods := j.causesOf(cut)
	for node := range ofPods {
		var ends []end
		for x := range j.causes {
			if x.node == node && x.fault == cut {
				ends = append(ends, x)
			}
		}
		direction, side := "several", "both"
		if len(ends) == 1 {
			direction, side = directionName(ends[0].direction), "out"
			if ends[0].into {
				side = "in"
			}
		}
		say(`KubeVitalsNodePodNetworkCut direction=%q node=%q side=%q`, direction, j.t.names[node], side)
	}
}

func (j *judgement) pathAlerts(say func(string, ...any)) {
	for pair, paths := range j.pairs(cut) {
		direction := "several"
		if len(paths) == 1 {
			direction = directionName(j.t.edges[paths[0]].direction)
		}
		say(`KubeVitalsPathFailing direction=%q node=%q peer=%q`, direction, j.t.names[pair[0]], j.t.names[pair[1]])
	}
}

func (j *judgement) mtuAlerts(say func(string, ...any)) {
	cutAt := map[int]bool{}
	for x := range j.causes {
		cutAt[x.node] = cutAt[x.node] || x.fault == cut
	}
	for x := range j.causes {
		if x.fault == mtu && !cutAt[x.node] {
			say(`KubeVitalsPathMTU node=%q`, j.t.names[x.node])
		}
	}
	for pair := range j.pairs(mtu) {
		say(`KubeVitalsPathMTU node=%q peer=%q`, j.t.names[pair[0]], j.t.names[pair[1]])
	}
}

// pairs are the failing paths that no node explains, by their ends.
func (j *judgement) pairs(f fault) map[[2]int][]int {
	pairs := map[[2]int][]int{}
	for _, i := range j.lone[f] {
		e := j.t.edges[i]
		pairs[[2]int{e.from, e.to}] = append(pairs[[2]int{e.from, e.to}], i)
	}
	return pairs
}
