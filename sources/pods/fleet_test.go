package pods

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// fleet makes the pods of a realistic cluster: DaemonSets on every node, and
// workloads of many sizes in many namespaces, each with a few ConfigMaps and
// Secrets of its own, an image pull secret and the root CA of its namespace.
type fleet struct {
	nodes, namespaces int
	// replicas are the sizes that workloads have in turn.
	replicas []int
}

// typical has ten pods in a workload on average.
func typical() fleet {
	return fleet{nodes: 5000, namespaces: 300, replicas: []int{1, 1, 2, 3, 3, 5, 10, 20, 45}}
}

// lonely has workloads of one pod each, with references that no other pod has.
func lonely() fleet {
	return fleet{nodes: 5000, namespaces: 300, replicas: []int{1}}
}

const daemonSets = 5

// pods returns count pods. Those of one workload share parts of their specs.
func (f fleet) pods(count int) []*corev1.Pod {
	random := rand.New(rand.NewPCG(1, 2))
	pods := make([]*corev1.Pod, 0, count)
	for w := 0; w < daemonSets; w++ {
		spec := workload(w, "kube-system")
		for n := 0; n < f.nodes && len(pods) < count; n++ {
			pods = append(pods, pod(random, "kube-system", spec, n))
		}
	}
	for w := daemonSets; len(pods) < count; w++ {
		namespace := fmt.Sprintf("team-%03d-production", random.IntN(f.namespaces))
		spec := workload(w, namespace)
		for range f.replicas[w%len(f.replicas)] {
			if len(pods) < count {
				pods = append(pods, pod(random, namespace, spec, random.IntN(f.nodes)))
			}
		}
	}
	return pods
}

func pod(random *rand.Rand, namespace string, spec corev1.PodSpec, node int) *corev1.Pod {
	spec.NodeName = fmt.Sprintf("ip-10-%d-%d-%d.eu-central-1.compute.internal", node>>16, node>>8&255, node&255)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			UID: newUID(random), Namespace: namespace,
			Name: fmt.Sprintf("workload-7d4b9c6f5d-%08x", random.Uint32()),
		},
		Spec:   spec,
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

func newUID(random *rand.Rand) types.UID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], random.Uint64())
	binary.BigEndian.PutUint64(b[8:], random.Uint64())
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

// workload returns the spec of workload w: two ConfigMaps and two Secrets of
// its own, and two objects that all workloads of the namespace refer to.
func workload(w int, namespace string) corev1.PodSpec {
	name := func(what string) string { return fmt.Sprintf("checkout-service-%05d-%s", w, what) }
	local := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	return corev1.PodSpec{
		ImagePullSecrets: []corev1.LocalObjectReference{local("registry-credentials")},
		Containers: []corev1.Container{{
			Name: "main",
			Env: []corev1.EnvVar{
				{Name: "PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: local(name("database")), Key: "password"}}},
				{Name: "NAMESPACE", Value: namespace},
			},
			EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: local(name("environment"))}}},
		}},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local(name("config"))}}},
			{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name("tls")}}},
			{Name: "kube-api-access", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: local("kube-root-ca.crt")}},
			}}}},
		},
	}
}

// terminating returns the pod as it is once its deletion was asked for.
func terminating(p *corev1.Pod) *corev1.Pod {
	q := *p
	at := metav1.NewTime(time.Unix(1_900_000_000, 0))
	q.DeletionTimestamp = &at
	return &q
}
