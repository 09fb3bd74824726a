package pods

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The tests here are not parallel: they measure the heap.

// TestBytesPerPod verifies what the index's documentation says of its size.
func TestBytesPerPod(t *testing.T) {
	const most = 130
	pods := typical().pods(150_000)
	list := make([]any, len(pods))
	for name, fill := range map[string]func(*Index){
		"added": func(i *Index) {
			for _, pod := range pods {
				must(t, i.Add(pod))
			}
		},
		"replaced": func(i *Index) {
			for n, pod := range pods {
				list[n] = pack(factsOf(pod))
			}
			must(t, i.Replace(list, ""))
			clear(list)
		},
	} {
		before := baseline()
		index := New()
		fill(index)
		limit := before + most*int64(len(pods))
		if got := settled(limit); got > limit {
			t.Errorf("%s: a pod takes %d bytes, want at most %d", name, (got-before)/int64(len(pods)), most)
		}
		runtime.KeepAlive(index)
	}
	runtime.KeepAlive(list)
}

func TestTablesGiveMemoryBack(t *testing.T) {
	const few, crowd = 500, 20_000
	index := available(t)
	var stay []any
	for _, pod := range lonely().pods(few) {
		stay = append(stay, pack(factsOf(pod)))
		must(t, index.Add(pod))
	}
	limit := baseline() + 256<<10 // 13 bytes for each of the crowd
	for round, name := range []string{"events", "lists", "events after lists"} {
		pods := strangers(round, crowd)
		if round == 1 {
			must(t, index.Replace(append(slices.Clone(pods), stay...), ""))
		} else {
			for _, pod := range pods {
				must(t, index.Add(pod))
			}
		}
		if got := heap(); got < limit+1<<20 {
			t.Fatalf("%s: a crowd of %d pods takes %d bytes: this test measures nothing", name, crowd, got-limit)
		}
		if round == 1 {
			must(t, index.Replace(slices.Clone(stay), ""))
		} else {
			for _, pod := range pods {
				must(t, index.Delete(pod))
			}
		}
		pods = nil //nolint:ineffassign,wastedassign // lets the garbage collector have them
		if got := settled(limit); got > limit {
			t.Errorf("%s: %d bytes are left of objects that are gone", name, got-limit)
		}
	}
	for _, pod := range stay {
		must(t, index.Delete(pod))
	}
	if len(index.pods.entries)+len(index.sets.entries)+len(index.nodes.entries) > 0 {
		t.Errorf("empty index holds %d pods, %d sets, %d nodes", len(index.pods.entries), len(index.sets.entries), len(index.nodes.entries))
	}
}

func TestNodeGivesMemoryBack(t *testing.T) {
	n, sets := &node{}, make([]*set, 1000)
	for i := range sets {
		sets[i] = &set{refs: encode("ns", []ref{{configMap, fmt.Sprint(i)}})}
		n.attach(sets[i])
	}
	for _, s := range sets[10:] {
		n.detach(s)
	}
	n.recount(map[object]struct{}{})
	if n.configMaps != 10 || cap(n.sets) > 64 {
		t.Errorf("node counts %d ConfigMaps and keeps room for %d sets, want 10 and at most 64", n.configMaps, cap(n.sets))
	}
}

// strangers returns pods of which every node and reference has a name that no
// other round knows.
func strangers(round, count int) []any {
	random := rand.New(rand.NewPCG(3, uint64(round)))
	var pods []any
	for n := range count {
		config := fmt.Sprintf("config-%d-%d", round, n)
		pod := simple("", fmt.Sprintf("node-%d-%d", round, n/30), corev1.PodRunning, config, config+"-more")
		pod.UID = newUID(random)
		pods = append(pods, pod)
	}
	return pods
}

// heap returns the bytes of live objects.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// baseline returns the bytes of live objects once what is dead had time to go.
func baseline() int64 {
	for range 10 {
		heap()
	}
	return heap()
}

// settled returns the bytes of live objects as soon as they are at most limit,
// and after 20 s in any case: the runtime forgets shared strings some time after
// it has found the last handle dead.
func settled(limit int64) int64 {
	size := heap()
	for end := time.Now().Add(20 * time.Second); size > limit && time.Now().Before(end); {
		size = heap()
	}
	return size
}
