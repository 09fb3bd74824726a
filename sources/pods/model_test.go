package pods

import (
	"bytes"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// model is the slow and obvious index: it keeps what it knows of each pod as it
// is and counts anew at each read. It takes references from where the script
// decided on them, not from the pod.
type model map[types.UID]modelPod

type modelPod struct {
	Pod
	refs []string
}

func (m model) nodeRefs() map[string]counts {
	objects := map[string]map[string]bool{}
	for _, p := range m {
		if p.Node == "" {
			continue
		}
		if objects[p.Node] == nil {
			objects[p.Node] = map[string]bool{}
		}
		if p.Phase == corev1.PodSucceeded || p.Phase == corev1.PodFailed {
			continue
		}
		for _, r := range p.refs {
			objects[p.Node][p.Namespace+"/"+r] = true
		}
	}
	all := map[string]counts{}
	for node, refs := range objects {
		var c counts
		for r := range refs {
			if r[len(r)-1] == 'c' {
				c[0]++
			} else {
				c[1]++
			}
		}
		all[node] = c
	}
	return all
}

func (m model) pods() []Pod {
	var pods []Pod
	for _, p := range m {
		pods = append(pods, p.Pod)
	}
	return sorted(pods)
}

// allOf are the pods of an index, sorted.
func allOf(t *testing.T, index *Index) (pods []Pod) {
	t.Helper()
	must(t, index.Each(func(p Pod) { pods = append(pods, p) }))
	return sorted(pods)
}

func sorted(pods []Pod) []Pod {
	slices.SortFunc(pods, func(a, b Pod) int {
		return bytes.Compare(a.Key[:], b.Key[:])
	})
	return pods
}
