package main

import (
	"cmp"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A cluster of this size has some hundred namespaces, with a handful of
// applications each.
const (
	namespaces            = 200
	applicationsNamespace = 25
)

func (f fleet) namespace(i int) string {
	return fmt.Sprintf("team-%03d", i%cmp.Or(f.namespaces, namespaces))
}

func application(i int) string {
	return fmt.Sprintf("service-%02d", i/namespaces%applicationsNamespace)
}

// managedFields are as large as those of real objects; nothing reads them, but
// everybody has to receive them.
func managedFields(manager string, now time.Time) []metav1.ManagedFieldsEntry {
	written := metav1.NewTime(now)
	var fields []byte
	for i := range 24 {
		fields = fmt.Appendf(fields, `,"f:field-%02d":{".":{},"k:{\"type\":\"Condition%02d\"}":{}}`, i, i)
	}
	return []metav1.ManagedFieldsEntry{{
		Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &written,
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1("{" + string(fields[1:]) + "}"),
	}}
}

// pod makes the ith pod: one of an application whose pods share ConfigMaps and
// Secrets, spread over the nodes.
func (f fleet) pod(i int, now time.Time) *corev1.Pod {
	ns, app, controller := f.namespace(i), application(i), true
	started := metav1.NewTime(now.Add(-time.Hour))
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: ns, Name: fmt.Sprintf("%s-7d9f6c5b4-%05x", app, i),
			Labels:        map[string]string{"app": app, "pod-template-hash": "7d9f6c5b4", "team": ns},
			Annotations:   map[string]string{"prometheus.io/scrape": "true", "checksum/config": fmt.Sprintf("%064x", i)},
			ManagedFields: managedFields("kubelet", now),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-7d9f6c5b4", UID: "5e0c33f3-31a3-4f0f-b5a4-0c8a2f0a9a11", Controller: &controller,
			}},
		},
		Spec: corev1.PodSpec{
			NodeName:           nodeName(i % f.nodes),
			ServiceAccountName: app,
			ImagePullSecrets:   []corev1.LocalObjectReference{{Name: "registry"}},
			Containers:         []corev1.Container{container("main", app), container("proxy", "mesh")},
			Volumes:            volumes(app),
			Tolerations: []corev1.Toleration{
				{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
				{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
			},
		},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, HostIP: "10.0.0.1", PodIP: fmt.Sprintf("10.%d.%d.%d", 128+i>>16, i>>8&255, i&255), StartTime: &started,
		},
	}
	if i%20 == 19 { // a job that ended
		p.Status.Phase = corev1.PodSucceeded
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: started})
	}
	for _, c := range p.Spec.Containers {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: fmt.Sprintf("registry.example.com/%s@sha256:%064x", app, i),
			ContainerID: fmt.Sprintf("containerd://%064x", i), Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}},
		})
	}
	return p
}

func container(name, app string) corev1.Container {
	secret := func(key string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: app + "-credentials"}, Key: key}}
	}
	probe := &corev1.Probe{PeriodSeconds: 10, TimeoutSeconds: 1, FailureThreshold: 3}
	return corev1.Container{
		Name: name, Image: "registry.example.com/" + app + ":2026.8.3",
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
		EnvFrom: []corev1.EnvFromSource{
			{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: app + "-settings"}}},
		},
		Env: []corev1.EnvVar{
			{Name: "LOG_LEVEL", Value: "info"}, {Name: "REGION", Value: "eu-central"},
			{Name: "DATABASE_USER", ValueFrom: secret("user")}, {Name: "DATABASE_PASSWORD", ValueFrom: secret("password")},
		},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m"), corev1.ResourceMemory: resource.MustParse("256Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "config", MountPath: "/etc/app"}, {Name: "tls", MountPath: "/etc/tls"},
			{Name: "kube-api-access", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true},
		},
		LivenessProbe: probe, ReadinessProbe: probe,
	}
}

func volumes(app string) []corev1.Volume {
	return []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: app + "-config"},
		}}},
		{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: app + "-tls"}}},
		{Name: "kube-api-access", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}}},
			},
		}}},
	}
}
