package pods

import (
	"slices"
	"strings"
)

// node is a node as its pods name it.
type node struct {
	name string
	pods int
	// sets has one element for each pod whose references count here.
	sets []*set
	// configMaps and secrets are the distinct objects in sets, unless stale.
	configMaps, secrets int
	stale               bool
}

// object is a ConfigMap or Secret: a namespace, and the kind and name as encode
// writes them.
type object struct{ namespace, ref string }

func (n *node) attach(s *set) {
	if s.empty() {
		return
	}
	n.sets = append(n.sets, s)
	n.stale = true
}

func (n *node) detach(s *set) {
	if s.empty() {
		return
	}
	at, last := slices.Index(n.sets, s), len(n.sets)-1
	n.sets[at], n.sets[last] = n.sets[last], nil
	n.sets = n.sets[:last]
	if cap(n.sets) > 16 && len(n.sets) < cap(n.sets)/4 {
		n.sets = slices.Clone(n.sets)
	}
	n.stale = true
}

// recount counts the distinct objects. seen is empty before and after.
func (n *node) recount(seen map[object]struct{}) {
	n.configMaps, n.secrets, n.stale = 0, 0, false
	for _, s := range n.sets {
		namespace, refs := cut(s.refs)
		for refs != "" {
			o := object{namespace: namespace}
			o.ref, refs = cut(refs)
			if _, ok := seen[o]; ok {
				continue
			}
			seen[o] = struct{}{}
			if kind(o.ref[0]) == configMap {
				n.configMaps++
			} else {
				n.secrets++
			}
		}
	}
	clear(seen)
}

// NodeRefs calls f for every node that a pod names, with the numbers of distinct
// ConfigMaps and Secrets to which pods refer that run there or are to: scheduled
// and neither succeeded nor failed, terminating ones included. While the index
// is unavailable NodeRefs calls nothing and returns the error of Err.
func (i *Index) NodeRefs(f func(node string, configMaps, secrets int)) error {
	if err := i.Err(); err != nil {
		return err
	}
	// f may block on a slow scrape, so it must not run under the lock.
	for _, n := range i.counted() {
		f(n.name, n.configMaps, n.secrets)
	}
	return nil
}

// counted returns a copy of the counts of all nodes.
func (i *Index) counted() []node {
	i.mu.Lock()
	defer i.mu.Unlock()
	counts := make([]node, 0, len(i.nodes.entries))
	for _, n := range i.nodes.entries {
		if n.stale {
			n.recount(i.seen)
		}
		counts = append(counts, node{name: n.name, configMaps: n.configMaps, secrets: n.secrets})
	}
	return counts
}

// release undoes what install did beside the record itself, and forgets nodes
// and sets that no pod names any more. The caller holds the lock.
func (i *Index) release(r record) {
	if r.node != nil {
		r.node.detach(r.set)
		if r.node.pods--; r.node.pods == 0 {
			i.nodes.remove(r.node.name)
		}
	}
	if r.set.pods--; r.set.pods == 0 {
		i.sets.remove(r.set.refs)
	}
}

func (r *record) nodeName() string {
	if r.node == nil {
		return ""
	}
	return r.node.name
}

func (i *Index) node(name string) *node {
	n, ok := i.nodes.entries[name]
	if !ok {
		// The name may be part of the buffer that the pod was decoded from.
		n = &node{name: strings.Clone(name)}
		i.nodes.put(n.name, n)
	}
	return n
}

// set returns the set that encodes to refs.
func (i *Index) set(refs string) *set {
	s, ok := i.sets.entries[refs]
	if !ok {
		s = &set{refs: refs}
		i.sets.put(s.refs, s)
	}
	return s
}
