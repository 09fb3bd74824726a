// Package scheme knows the Go types of the API objects that kubevitals reads. That of
// client-go knows those of all groups, which would be a third of the program.
package scheme

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// What follows never changes.
var (
	// Scheme has the types. Objects of other kinds are unstructured, and read as JSON.
	Scheme = known()
	// Codecs read and write them.
	Codecs = serializer.NewCodecFactory(Scheme)
	// ParameterCodec writes options of requests.
	ParameterCodec = runtime.NewParameterCodec(Scheme)
)

func known() *runtime.Scheme {
	s := runtime.NewScheme()
	metav1.AddToGroupVersion(s, metav1.Unversioned)
	groups := runtime.NewSchemeBuilder(
		corev1.AddToScheme, admissionv1.AddToScheme, appsv1.AddToScheme, autoscalingv2.AddToScheme, certificatesv1.AddToScheme, coordinationv1.AddToScheme, discoveryv1.AddToScheme,
	)
	// It fails only if two types claim one name, which a test would find.
	utilruntime.Must(groups.AddToScheme(s))
	return s
}
