package pods

import (
	"runtime"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

const benchPods = 150_000

// BenchmarkIndexMemory measures the retained heap of an index, tables for
// shared strings included.
func BenchmarkIndexMemory(b *testing.B) {
	for _, bench := range []struct {
		name  string
		fleet fleet
	}{{"typical", typical()}, {"lonely", lonely()}} {
		b.Run(bench.name, func(b *testing.B) {
			pods := bench.fleet.pods(benchPods)
			for b.Loop() {
				before := baseline()
				index := full(b, pods)
				b.ReportMetric(float64(baseline()-before)/benchPods, "B/pod")
				runtime.KeepAlive(index)
			}
			runtime.KeepAlive(pods)
		})
	}
}

func BenchmarkIndexAdd(b *testing.B) {
	pods := typical().pods(benchPods)
	b.ReportAllocs()
	for b.Loop() {
		full(b, pods)
	}
	perEvent(b, len(pods))
}

// BenchmarkIndexUpdate changes what most updates change: the status.
func BenchmarkIndexUpdate(b *testing.B) {
	pods := typical().pods(benchPods)
	index := full(b, pods)
	b.ReportAllocs()
	for b.Loop() {
		for _, pod := range pods {
			must(b, index.Update(pod))
		}
	}
	perEvent(b, len(pods))
}

// BenchmarkIndexReschedule changes what the index counts: pods finish and start.
func BenchmarkIndexReschedule(b *testing.B) {
	pods := typical().pods(benchPods)
	index := full(b, pods)
	phases := []corev1.PodPhase{corev1.PodSucceeded, corev1.PodRunning}
	for n := 0; b.Loop(); n++ {
		for _, pod := range pods {
			pod.Status.Phase = phases[n%2]
			must(b, index.Update(pod))
		}
	}
	perEvent(b, len(pods))
}

func BenchmarkIndexDelete(b *testing.B) {
	pods := typical().pods(benchPods)
	for b.Loop() {
		b.StopTimer()
		index := full(b, pods)
		b.StartTimer()
		for _, pod := range pods {
			must(b, index.Delete(pod))
		}
	}
	perEvent(b, len(pods))
}

// BenchmarkIndexReplace takes a list of the pods that the index has already, as
// after a broken watch. Packed are they when the list was streamed or paged.
func BenchmarkIndexReplace(b *testing.B) {
	pods := typical().pods(benchPods)
	index := full(b, pods)
	for _, bench := range []struct {
		name string
		make func(*corev1.Pod) any
	}{
		{"packed", func(p *corev1.Pod) any { return pack(factsOf(p)) }},
		{"pods", func(p *corev1.Pod) any { return p }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			list := make([]any, len(pods))
			for b.Loop() {
				b.StopTimer()
				for n, pod := range pods {
					list[n] = bench.make(pod)
				}
				b.StartTimer()
				must(b, index.Replace(list, ""))
			}
			perEvent(b, len(pods))
		})
	}
}

// BenchmarkIndexTransform packs pods, as a reflector does while a list comes in.
func BenchmarkIndexTransform(b *testing.B) {
	pods := typical().pods(benchPods)
	waiting := make([]any, len(pods))
	for b.Loop() {
		for n, pod := range pods {
			p, err := transform(pod)
			must(b, err)
			waiting[n] = p
		}
	}
	perEvent(b, len(pods))
}

// BenchmarkIndexNodeRefs reads all nodes, none or each of which has changed
// since the last read.
func BenchmarkIndexNodeRefs(b *testing.B) {
	index := full(b, typical().pods(benchPods))
	index.health.Succeed()
	read := func() {
		must(b, index.NodeRefs(func(string, int, int) {}))
	}
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			read()
		}
	})
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			for _, n := range index.nodes.entries {
				n.stale = true
			}
			read()
		}
	})
}

func full(b *testing.B, pods []*corev1.Pod) *Index {
	index := New()
	for _, pod := range pods {
		must(b, index.Add(pod))
	}
	return index
}

func perEvent(b *testing.B, events int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/event")
}

func must(tb testing.TB, err error) {
	if err != nil {
		tb.Fatal(err)
	}
}
