package sources

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources/health"
)

// serviceTypeField is what API servers let Services be selected by, as far as it is used.
const serviceTypeField = "spec.type"

func serviceFields(obj runtime.Object) fields.Set {
	service, ok := obj.(*corev1.Service)
	if !ok {
		return fields.Set{serviceTypeField: ""}
	}
	kind := service.Spec.Type
	if kind == "" {
		kind = corev1.ServiceTypeClusterIP // the default
	}
	return fields.Set{serviceTypeField: string(kind)}
}

// ExternalServices are the Services of type ExternalName. They are names of something
// elsewhere: they have no EndpointSlices, and are none the worse for it.
func (s *Sources) ExternalServices() *health.View[types.NamespacedName] {
	return viewOf(s, ExternalServices, serviceNameOf)
}

func serviceNameOf(obj any) (types.NamespacedName, error) {
	service, ok := obj.(*corev1.Service)
	if !ok {
		return types.NamespacedName{}, fmt.Errorf("unexpected type %T", obj)
	}
	return types.NamespacedName{Namespace: service.Namespace, Name: service.Name}, nil
}

// trimService keeps that a Service leads elsewhere, but not where to, and none of the others.
func trimService(s *corev1.Service, latest *Latest) runtime.Object {
	if s.Spec.Type != corev1.ServiceTypeExternalName {
		return nil
	}
	kept := &corev1.Service{ObjectMeta: trimMeta(s.ObjectMeta, latest)}
	kept.Spec.Type = s.Spec.Type
	return kept
}

func redactService(s *corev1.Service, n Names) { redactMeta(s, "service", n) }
