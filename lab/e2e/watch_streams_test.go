package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

// namedWatchers are the watches of single ConfigMaps and Secrets that no
// kubelet holds: the API server follows its own ConfigMap
// kube-system/extension-apiserver-authentication.
func namedWatchers() map[string]float64 { return map[string]float64{"configmaps": 1, "secrets": 0} }

func ref(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }

// pod is a pod on a node whose container gets the environment.
func pod(node, name string, spec corev1.PodSpec) *corev1.Pod {
	spec.NodeName = node
	for i := range spec.Containers {
		spec.Containers[i].Name, spec.Containers[i].Image = fmt.Sprintf("c%d", i), "lab"
	}
	for i := range spec.InitContainers {
		spec.InitContainers[i].Name, spec.InitContainers[i].Image = fmt.Sprintf("i%d", i), "lab"
	}
	no := false
	if spec.AutomountServiceAccountToken == nil {
		spec.AutomountServiceAccountToken = &no
	}
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "streams"}, Spec: spec}
}

// referringPods exercise every way in which a pod refers to ConfigMaps and
// Secrets. What they come to is counted by hand in TestWatchStreams.
func referringPods() []*corev1.Pod {
	yes := true
	return []*corev1.Pod{
		// node-0: cm-a (env), cm-b (envFrom), s-a (env), s-b (envFrom)
		pod("node-0", "environment", corev1.PodSpec{Containers: []corev1.Container{
			{Env: faults.ConfigMapEnv("cm-a")},
			{
				Env: []corev1.EnvVar{{Name: "B", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
					LocalObjectReference: ref("s-a"), Key: "k",
				}}}},
				EnvFrom: []corev1.EnvFromSource{
					{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: ref("cm-b")}},
					{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: ref("s-b")}},
				},
			},
		}}),
		// node-0: cm-a again, which counts once; cm-c (init container)
		pod("node-0", "duplicate", corev1.PodSpec{
			InitContainers: []corev1.Container{{Env: faults.ConfigMapEnv("cm-c")}},
			Containers:     []corev1.Container{{Env: faults.ConfigMapEnv("cm-a")}},
		}),
		// node-1: cm-d, s-c (volumes), cm-e, s-d (projected), s-e (pull secret).
		// They have to be mounted: a kubelet never reads what no container mounts,
		// and stops watching what it never read within a minute.
		pod("node-1", "volumes", corev1.PodSpec{
			ImagePullSecrets: []corev1.LocalObjectReference{ref("s-e")},
			Containers: []corev1.Container{{VolumeMounts: []corev1.VolumeMount{
				{Name: "a", MountPath: "/a"}, {Name: "b", MountPath: "/b"}, {Name: "c", MountPath: "/c"},
			}}},
			Volumes: []corev1.Volume{
				{Name: "a", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: ref("cm-d")}}},
				{Name: "b", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s-c"}}},
				{Name: "c", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
					{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: ref("cm-e")}},
					{Secret: &corev1.SecretProjection{LocalObjectReference: ref("s-d")}},
				}}}},
			},
		}),
		// node-2: kube-root-ca.crt, by the projected token that admission adds
		pod("node-2", "token", corev1.PodSpec{AutomountServiceAccountToken: &yes, Containers: []corev1.Container{{}}}),
		// node-2: cm-g, until it is deleted
		pod("node-2", "deleted", corev1.PodSpec{Containers: []corev1.Container{{Env: faults.ConfigMapEnv("cm-g")}}}),
	}
}

// makeObjects makes what the pods refer to.
func makeObjects(t *testing.T) {
	t.Helper()
	client, data := shared.Client().CoreV1(), map[string]string{"k": "v"}
	for _, name := range []string{"cm-a", "cm-b", "cm-c", "cm-d", "cm-e", "cm-f", "cm-g"} {
		o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
		if _, err := client.ConfigMaps("streams").Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"s-a", "s-b", "s-c", "s-d", "s-e"} {
		o := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: data}
		if _, err := client.Secrets("streams").Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// wantStreams checks what each node adds to what it had before, and that all
// nodes together come to what the API server counts.
func wantStreams(before samples, added map[string][2]float64) func(samples) error {
	return func(s samples) error {
		for node, want := range added {
			for i, resource := range []string{"configmaps", "secrets"} {
				had := before.sum("watch_streams_objects", "node", node, "resource", resource)
				if err := s.want(had+want[i], "watch_streams_objects", "node", node, "resource", resource); err != nil {
					return err
				}
			}
		}
		for resource, others := range namedWatchers() {
			ours := s.sum("watch_streams_objects", "resource", resource)
			theirs := s.sum("watch_streams_apiserver_watches", "resource", resource)
			if ours != theirs-others {
				return fmt.Errorf("the nodes' pods refer to %v %s, the API server has %v watches (%v of them not by kubelets)", ours, resource, theirs, others)
			}
		}
		return nil
	}
}

func TestWatchStreams(t *testing.T) {
	ctx := t.Context()
	client := shared.Client().CoreV1()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "streams"}}
	if _, err := client.Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitForServiceAccount(t, "streams")
	makeObjects(t)
	before := shared.vitals.eventually(t, 90*time.Second, wantStreams(samples{}, nil))

	for _, p := range referringPods() {
		if _, err := client.Pods("streams").Create(ctx, p, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	shared.vitals.eventually(t, 2*time.Minute, wantStreams(before, map[string][2]float64{
		"node-0": {3, 2}, "node-1": {2, 3}, "node-2": {2, 0},
	}))

	// A pod that has succeeded holds nothing: cm-f is watched while it runs only.
	work := pod("node-2", "succeeds", corev1.PodSpec{Containers: []corev1.Container{{Env: faults.ConfigMapEnv("cm-f")}}, RestartPolicy: corev1.RestartPolicyNever})
	work.Spec.Containers[0].Image = hollow.ExitImage
	if _, err := client.Pods("streams").Create(ctx, work, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitForPhase(t, "streams", "succeeds", corev1.PodSucceeded)
	if err := client.Pods("streams").Delete(ctx, "deleted", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, 2*time.Minute, wantStreams(before, map[string][2]float64{
		"node-0": {3, 2}, "node-1": {2, 3}, "node-2": {1, 0},
	}))

	s := shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(1, "watch_streams_strategy", "node", "node-0", "strategy", "Watch")
	})
	if one := s.sum("watch_streams_kubelets", "connections", "one"); one < 3 {
		t.Errorf("%v kubelets need one connection, want 3 at least", one)
	}
	for _, node := range []string{"node-0", "node-1", "node-2"} {
		for _, name := range []string{"watch_streams_connections_needed", "watch_streams_single_connection"} {
			if values := s.all(name, "node", node); len(values) > 0 {
				t.Errorf("%s of %s is %v, want none", name, node, values)
			}
		}
	}
	if err := s.want(100, "watch_streams_limit"); err != nil {
		t.Error(err)
	}
}

func waitForPhase(t *testing.T, namespace, name string, want corev1.PodPhase) {
	t.Helper()
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		p, err := shared.Client().CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if p.Status.Phase != want {
			return fmt.Errorf("pod %s is %s, want %s", name, p.Status.Phase, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// waitForServiceAccount waits for what every pod of the namespace needs.
func waitForServiceAccount(t *testing.T, namespace string) {
	t.Helper()
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		_, err := shared.Client().CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
