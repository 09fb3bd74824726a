package collectors

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Series that others than administrators can make are bounded, and what exists and is
// known goes first: nobody who writes a thousand events, pods or conditions may take the
// place of what a cluster has to tell.

// fairly chooses at most so many of what owners wish for: of all owners what each
// wishes for most, then what comes second, and so on.
func fairly[K comparable](wishes [][]K, most int) map[K]bool {
	chosen := map[K]bool{}
	for round, left := 0, true; left; round++ {
		left = false
		for _, own := range wishes {
			if round >= len(own) {
				continue
			}
			left = true
			if len(chosen) < most {
				chosen[own[round]] = true
			}
		}
	}
	return chosen
}

// maxStrangers is how many nodes that do not exist are told of by name.
const maxStrangers = 100

// nodeNames are the nodes that exist. Anybody may write another name into a pod or an
// event. It is nil while the nodes are not known: then no name is a stranger's.
type nodeNames map[string]bool

func namesOf(nodes []*corev1.Node, err error) nodeNames {
	if err != nil {
		return nil
	}
	names := make(nodeNames, len(nodes))
	for _, node := range nodes {
		names[node.Name] = true
	}
	return names
}

// strange tells whether a name is of a node that does not exist.
func (n nodeNames) strange(name string) bool { return n != nil && name != "" && !n[name] }

// nameless are the strangers that are not told of by name: all but those that count most.
func (n nodeNames) nameless(counts map[string]int) map[string]bool {
	var strangers []string
	for name := range counts {
		if n.strange(name) {
			strangers = append(strangers, name)
		}
	}
	slices.SortFunc(strangers, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	nameless := map[string]bool{}
	for _, name := range strangers[min(len(strangers), maxStrangers):] {
		nameless[name] = true
	}
	return nameless
}

// podsByNode counts the pods of groups by the node of their keys.
func podsByNode[K comparable](groups map[K]group, node func(K) string) map[string]int {
	counts := map[string]int{}
	for key, g := range groups {
		counts[node(key)] += g.pods
	}
	return counts
}

// merged are groups under the keys that rename gives theirs.
func merged[K comparable](groups map[K]group, rename func(K) K) map[K]group {
	under := make(map[K]group, len(groups))
	for key, g := range groups {
		key = rename(key)
		sum := under[key]
		if sum.pods == 0 || g.pods > 0 && g.oldest.Before(sum.oldest) {
			sum.oldest = g.oldest
		}
		sum.pods += g.pods
		under[key] = sum
	}
	return under
}
