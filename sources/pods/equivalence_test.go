package pods

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// script is a source of decisions that a fuzzer can shape.
type script []byte

// pick returns a number below n, 0 once the script has ended.
func (s *script) pick(n int) int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b) % n
}

// randomPod decides on a state of pod n, whose UID and namespace are fixed.
func randomPod(s *script, n int) (*corev1.Pod, modelPod) {
	m := modelPod{Pod: Pod{
		Namespace: fmt.Sprint("ns-", n%3),
		Node:      []string{"", "n1", "n2", "n3"}[s.pick(4)],
		Phase: []corev1.PodPhase{
			corev1.PodRunning, corev1.PodPending, corev1.PodUnknown, corev1.PodSucceeded, corev1.PodFailed,
		}[s.pick(5)],
	}}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: fmt.Sprint("pod-", n), UID: uidNumber(n)},
		Spec:       corev1.PodSpec{NodeName: m.Node, Containers: make([]corev1.Container, 1)},
		Status:     corev1.PodStatus{Phase: m.Phase},
	}
	if m.Phase == corev1.PodFailed && s.pick(2) == 1 {
		m.Evicted, pod.Status.Reason, pod.Status.Message = EvictDisk, "Evicted", lowOn+"ephemeral-storage. "
	}
	if s.pick(4) == 1 {
		m.Deletion = time.Unix(int64(1_800_000_000+s.pick(256)), 0)
		at := metav1.NewTime(m.Deletion)
		pod.DeletionTimestamp = &at
	}
	if s.pick(4) == 1 {
		m.Finalizers = true
		pod.Finalizers = []string{"example.com/wait"}
	}
	if created := s.pick(256); created > 0 {
		pod.CreationTimestamp = metav1.NewTime(time.Unix(int64(1_700_000_000+created), 0))
		if m.Phase == corev1.PodPending && m.Deletion.IsZero() {
			m.Since, m.Waiting = pod.CreationTimestamp.Time, NotPickedUp
			if m.Node == "" {
				m.Waiting = NoScheduler
			}
		}
	}
	m.Key = uidOf(pod)
	for range s.pick(6) {
		name := string(rune('a' + s.pick(5)))
		local := corev1.LocalObjectReference{Name: name}
		volume, container := corev1.Volume{}, &pod.Spec.Containers[0]
		letter := "s"
		switch s.pick(6) {
		case 0:
			letter, volume.ConfigMap = "c", &corev1.ConfigMapVolumeSource{LocalObjectReference: local}
		case 1:
			letter = "c"
			container.EnvFrom = append(container.EnvFrom, corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: local}})
		case 2:
			volume.Secret = &corev1.SecretVolumeSource{SecretName: name}
		case 3:
			volume.CSI = &corev1.CSIVolumeSource{NodePublishSecretRef: &local}
		case 4:
			pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, local)
		case 5:
			container.Env = append(container.Env, corev1.EnvVar{ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: local}}})
		}
		pod.Spec.Volumes = append(pod.Spec.Volumes, volume)
		m.refs = append(m.refs, name+letter)
	}
	return pod, m
}

// uidNumber makes every third UID one that is no UUID.
func uidNumber(n int) types.UID {
	if n%3 == 0 {
		return types.UID(fmt.Sprint("custom-", n))
	}
	return types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", n))
}

const modelPods = 12

// play runs the script against the index and the model and compares them after
// every step.
func play(t *testing.T, s script) {
	index, m := available(t), model{}
	for step := 0; len(s) > 0; step++ {
		n := s.pick(modelPods)
		switch what := s.pick(8); what {
		case 0, 1, 2, 3:
			pod, p := randomPod(&s, n)
			m[pod.UID] = p
			if what == 0 {
				must(t, index.Add(pod))
			} else {
				must(t, index.Update(pod))
			}
		case 4, 5:
			delete(m, uidNumber(n))
			must(t, index.Delete(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: uidNumber(n)}}))
		case 6:
			clear(m)
			var list []any
			for k := range modelPods {
				if s.pick(2) == 0 {
					continue
				}
				pod, p := randomPod(&s, k)
				m[pod.UID] = p
				list = append(list, maybePacked(t, &s, pod))
			}
			must(t, index.Replace(list, ""))
		case 7:
			// A list that never arrives must leave no trace.
			pod, _ := randomPod(&s, n)
			_, err := index.Transformer()(pod)
			must(t, err)
		}
		compare(t, step, index, m)
	}
}

func maybePacked(t *testing.T, s *script, pod *corev1.Pod) any {
	if s.pick(2) == 0 {
		return pod
	}
	packed, err := transform(pod)
	must(t, err)
	again, err := transform(packed)
	must(t, err)
	return again
}

func compare(t *testing.T, step int, index *Index, m model) {
	t.Helper()
	if diff := cmp.Diff(m.nodeRefs(), nodeRefs(t, index)); diff != "" {
		t.Fatalf("step %d: counts differ (-model +index):\n%s", step, diff)
	}
	if diff := cmp.Diff(m.pods(), allOf(t, index)); diff != "" {
		t.Fatalf("step %d: pods differ (-model +index):\n%s", step, diff)
	}
	if index.Len() != len(m) {
		t.Fatalf("step %d: %d pods, want %d", step, index.Len(), len(m))
	}
	tidy(t, step, index)
}

// tidy checks that the tables hold exactly what the pods of the index use.
func tidy(t *testing.T, step int, index *Index) {
	t.Helper()
	sets, nodes, attached := map[*set]int{}, map[*node]int{}, map[*node]int{}
	for _, r := range index.pods.entries {
		sets[r.set]++
		if r.node != nil {
			nodes[r.node]++
			if !r.set.empty() {
				attached[r.node]++
			}
		}
	}
	if len(sets) != len(index.sets.entries) || len(nodes) != len(index.nodes.entries) {
		t.Fatalf("step %d: %d sets and %d nodes are kept, %d and %d are used",
			step, len(index.sets.entries), len(index.nodes.entries), len(sets), len(nodes))
	}
	for s, pods := range sets {
		if index.sets.entries[s.refs] != s || s.pods != pods {
			t.Fatalf("step %d: set %q counts %d pods, has %d", step, s.refs, s.pods, pods)
		}
	}
	for n, pods := range nodes {
		if index.nodes.entries[n.name] != n || n.pods != pods || len(n.sets) != attached[n] {
			t.Fatalf("step %d: node %q counts %d pods and %d sets, has %d and %d", step, n.name, n.pods, len(n.sets), pods, attached[n])
		}
	}
	if len(index.seen) != 0 {
		t.Fatalf("step %d: scratch was left dirty", step)
	}
}

func randomScript(seed uint64, length int) script {
	random := rand.New(rand.NewPCG(seed, 0))
	s := make(script, length)
	for n := range s {
		s[n] = byte(random.Uint32())
	}
	return s
}

func TestIndexEqualsModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			play(t, randomScript(seed, 3000))
		})
	}
}

// FuzzIndex compares the compact index with one that keeps whole pods.
func FuzzIndex(f *testing.F) {
	for seed := range uint64(8) {
		f.Add([]byte(randomScript(seed, 300)))
	}
	f.Fuzz(func(t *testing.T, s []byte) { play(t, s) })
}
