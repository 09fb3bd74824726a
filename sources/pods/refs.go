package pods

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// kind says what a reference points to.
type kind byte

const (
	configMap kind = 'c'
	secret    kind = 's'
	// scheduler is the one that a pod without a node waits for. It is kept here since
	// few pods have one, and counts nowhere since none of them has a node.
	scheduler kind = 'w'
)

// ref is a reference of a pod to an object in its own namespace.
type ref struct {
	kind kind
	name string
}

// References returns the ConfigMaps and the Secrets for which a kubelet opens a
// watch on behalf of a pod, each once and sorted.
func References(spec *corev1.PodSpec) (configMaps, secrets []string) {
	for _, r := range appendRefs(nil, spec) {
		if r.kind == configMap {
			configMaps = append(configMaps, r.name)
		} else {
			secrets = append(secrets, r.name)
		}
	}
	slices.Sort(configMaps)
	slices.Sort(secrets)
	return slices.Compact(configMaps), slices.Compact(secrets)
}

// appendRefs appends every ConfigMap and Secret for which the kubelet opens a
// watch on behalf of the pod: the names that the kubelet's own
// VisitPodConfigmapNames and VisitPodSecretNames yield. Optional references
// count, because a missing object is watched as well. References by way of a
// PersistentVolumeClaim do not: the kubelet reads those once.
func appendRefs(refs []ref, spec *corev1.PodSpec) []ref {
	for i := range spec.ImagePullSecrets {
		refs = appendRef(refs, secret, spec.ImagePullSecrets[i].Name)
	}
	for i := range spec.InitContainers {
		refs = appendEnv(refs, spec.InitContainers[i].Env, spec.InitContainers[i].EnvFrom)
	}
	for i := range spec.Containers {
		refs = appendEnv(refs, spec.Containers[i].Env, spec.Containers[i].EnvFrom)
	}
	for i := range spec.EphemeralContainers {
		refs = appendEnv(refs, spec.EphemeralContainers[i].Env, spec.EphemeralContainers[i].EnvFrom)
	}
	for i := range spec.Volumes {
		refs = appendVolume(refs, &spec.Volumes[i].VolumeSource)
	}
	return refs
}

func appendEnv(refs []ref, env []corev1.EnvVar, from []corev1.EnvFromSource) []ref {
	for i := range from {
		if r := from[i].ConfigMapRef; r != nil {
			refs = appendRef(refs, configMap, r.Name)
		}
		if r := from[i].SecretRef; r != nil {
			refs = appendRef(refs, secret, r.Name)
		}
	}
	for i := range env {
		value := env[i].ValueFrom
		if value == nil {
			continue
		}
		if r := value.ConfigMapKeyRef; r != nil {
			refs = appendRef(refs, configMap, r.Name)
		}
		if r := value.SecretKeyRef; r != nil {
			refs = appendRef(refs, secret, r.Name)
		}
	}
	return refs
}

// appendVolume relies on the API server's promise that a volume has one source.
func appendVolume(refs []ref, v *corev1.VolumeSource) []ref {
	switch {
	case v.ConfigMap != nil:
		return appendRef(refs, configMap, v.ConfigMap.Name)
	case v.Secret != nil:
		return appendRef(refs, secret, v.Secret.SecretName)
	case v.AzureFile != nil:
		return appendRef(refs, secret, v.AzureFile.SecretName)
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			if r := v.Projected.Sources[i].ConfigMap; r != nil {
				refs = appendRef(refs, configMap, r.Name)
			}
			if r := v.Projected.Sources[i].Secret; r != nil {
				refs = appendRef(refs, secret, r.Name)
			}
		}
		return refs
	}
	if r := mountSecret(v); r != nil {
		refs = appendRef(refs, secret, r.Name)
	}
	return refs
}

// mountSecret returns the Secret with which the volume is mounted, or nil.
func mountSecret(v *corev1.VolumeSource) *corev1.LocalObjectReference {
	switch {
	case v.CSI != nil:
		return v.CSI.NodePublishSecretRef
	case v.CephFS != nil:
		return v.CephFS.SecretRef
	case v.Cinder != nil:
		return v.Cinder.SecretRef
	case v.FlexVolume != nil:
		return v.FlexVolume.SecretRef
	case v.RBD != nil:
		return v.RBD.SecretRef
	case v.ScaleIO != nil:
		return v.ScaleIO.SecretRef
	case v.ISCSI != nil:
		return v.ISCSI.SecretRef
	case v.StorageOS != nil:
		return v.StorageOS.SecretRef
	}
	return nil
}

func appendRef(refs []ref, k kind, name string) []ref {
	if name == "" {
		return refs
	}
	return append(refs, ref{k, name})
}

// encode writes a namespace and references into it as one string, the same for
// the same set of references in whatever order and number they come. Parts are
// prefixed with their lengths because the API server does not check every name.
func encode(namespace string, refs []ref) string {
	slices.SortFunc(refs, func(a, b ref) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.name, b.name))
	})
	refs = slices.Compact(refs)
	var stack [512]byte
	b := append(binary.AppendUvarint(stack[:0], uint64(len(namespace))), namespace...)
	for _, r := range refs {
		b = binary.AppendUvarint(b, uint64(len(r.name)+1))
		b = append(append(b, byte(r.kind)), r.name...)
	}
	return string(b)
}

// cut returns the first part of an encoded string and what follows it.
func cut(encoded string) (part, rest string) {
	length, shift := 0, 0
	for i := range len(encoded) {
		length |= int(encoded[i]&0x7f) << shift
		if encoded[i] < 0x80 {
			return encoded[i+1 : i+1+length], encoded[i+1+length:]
		}
		shift += 7
	}
	return "", ""
}
