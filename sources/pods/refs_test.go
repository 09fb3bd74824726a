package pods

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	optional := true
	local := func(name string) *corev1.LocalObjectReference { return &corev1.LocalObjectReference{Name: name} }
	cmKey := corev1.EnvVar{ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: *local("cm")}}}
	secretKey := corev1.EnvVar{ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: *local("s")}}}
	cmFrom := corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: *local("cm-from")}}
	secretFrom := corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: *local("s-from")}}
	container := corev1.Container{Env: []corev1.EnvVar{cmKey, secretKey}, EnvFrom: []corev1.EnvFromSource{cmFrom, secretFrom}}
	fromContainer := []string{"c/cm", "c/cm-from", "s/s", "s/s-from"}
	volume := func(v corev1.VolumeSource) corev1.PodSpec {
		return corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: v}}}
	}

	for name, test := range map[string]struct {
		spec corev1.PodSpec
		want []string
	}{
		"nothing":       {corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{Value: "x"}}}}}, nil},
		"container env": {corev1.PodSpec{Containers: []corev1.Container{container}}, fromContainer},
		"init env":      {corev1.PodSpec{InitContainers: []corev1.Container{container}}, fromContainer},
		"ephemeral env": {corev1.PodSpec{EphemeralContainers: []corev1.EphemeralContainer{{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon(container),
		}}}, fromContainer},
		"env from a field, a resource or a file": {corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{
			{ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
			{ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu"}}},
			{ValueFrom: &corev1.EnvVarSource{FileKeyRef: &corev1.FileKeySelector{Key: "k"}}},
		}}}}, nil},
		"optional references": {corev1.PodSpec{
			Containers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{
				{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: *local("cm"), Optional: &optional}},
			}}},
			Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s", Optional: &optional}}}},
		}, []string{"c/cm", "s/s"}},
		"image pull secrets": {corev1.PodSpec{ImagePullSecrets: []corev1.LocalObjectReference{*local("a"), *local(""), *local("b")}}, []string{"s/a", "s/b"}},
		"configMap volume":   {volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: *local("v")}}), []string{"c/v"}},
		"secret volume":      {volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "v"}}), []string{"s/v"}},
		"projected volume": {volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: *local("kube-root-ca.crt")}},
			{Secret: &corev1.SecretProjection{LocalObjectReference: *local("tls")}},
			{DownwardAPI: &corev1.DownwardAPIProjection{}},
		}}}), []string{"c/kube-root-ca.crt", "s/tls"}},
		"csi volume":                  {volume(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{NodePublishSecretRef: local("v")}}), []string{"s/v"}},
		"csi volume without secret":   {volume(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{}}), nil},
		"azureFile volume":            {volume(corev1.VolumeSource{AzureFile: &corev1.AzureFileVolumeSource{SecretName: "v"}}), []string{"s/v"}},
		"azureFile without a secret":  {volume(corev1.VolumeSource{AzureFile: &corev1.AzureFileVolumeSource{}}), nil},
		"cephfs volume":               {volume(corev1.VolumeSource{CephFS: &corev1.CephFSVolumeSource{SecretRef: local("v")}}), []string{"s/v"}},
		"cinder volume":               {volume(corev1.VolumeSource{Cinder: &corev1.CinderVolumeSource{SecretRef: local("v")}}), []string{"s/v"}},
		"flexVolume":                  {volume(corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{SecretRef: local("v")}}), []string{"s/v"}},
		"rbd volume":                  {volume(corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{SecretRef: local("v")}}), []string{"s/v"}},
		"scaleIO volume":              {volume(corev1.VolumeSource{ScaleIO: &corev1.ScaleIOVolumeSource{SecretRef: local("v")}}), []string{"s/v"}},
		"iscsi volume":                {volume(corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{SecretRef: local("v")}}), []string{"s/v"}},
		"storageOS volume":            {volume(corev1.VolumeSource{StorageOS: &corev1.StorageOSVolumeSource{SecretRef: local("v")}}), []string{"s/v"}},
		"claims are not followed":     {volume(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "v"}}), nil},
		"same name, once per kind":    {corev1.PodSpec{Containers: []corev1.Container{container, container}}, fromContainer},
		"configMap and secret, alike": {corev1.PodSpec{ImagePullSecrets: []corev1.LocalObjectReference{*local("cm")}, Containers: []corev1.Container{{Env: []corev1.EnvVar{cmKey}}}}, []string{"c/cm", "s/cm"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace, got := decode(encode("ns", appendRefs(nil, &test.spec)))
			if namespace != "ns" || !slices.Equal(got, test.want) {
				t.Errorf("got namespace %q, references %q; want ns, %q", namespace, got, test.want)
			}
		})
	}
}

// decode returns what encode wrote, references as KIND/NAME.
func decode(encoded string) (namespace string, refs []string) {
	namespace, rest := cut(encoded)
	for rest != "" {
		var part string
		part, rest = cut(rest)
		refs = append(refs, part[:1]+"/"+part[1:])
	}
	return namespace, refs
}

// FuzzEncode verifies that names of ConfigMaps and Secrets are read back as they were written.
func FuzzEncode(f *testing.F) {
	f.Add("default", "kube-root-ca.crt", "registry-credentials")
	f.Add("", "", "\x00")
	f.Add("ns", "a\x01b", strings.Repeat("long", 100))
	f.Add(strings.Repeat("n", 20000), strings.Repeat("m", 127), strings.Repeat("m", 128))
	f.Fuzz(func(t *testing.T, namespace, a, b string) {
		refs := appendRef(appendRef(nil, secret, b), configMap, a)
		var want []string
		if a != "" {
			want = append(want, "c/"+a)
		}
		if b != "" {
			want = append(want, "s/"+b)
		}
		gotNamespace, got := decode(encode(namespace, refs))
		if gotNamespace != namespace || !slices.Equal(got, want) {
			t.Errorf("got %q %q, want %q %q", gotNamespace, got, namespace, want)
		}
	})
}
