package faults

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func exporter() []Fault {
	return []Fault{
		{Name: "exporter-killed", What: "kubevitals ends and is not started again", Alert: "KubeVitalsDown", inject: endExporter},
		{
			Name: "exporter-without-rights", What: "the binding of the ClusterRole of kubevitals is deleted",
			Alert: "KubeVitalsSourceUnavailable", Sign: Sign{Metric: "source_available", Value: 0}, inject: revokeRights,
		},
	}
}

func endExporter(_ context.Context, l *Lab) (healing, error) {
	if l.Exporter == nil {
		return nil, fmt.Errorf("a kubevitals: %w", errMissing)
	}
	l.Exporter.Stop()
	return l.Exporter.Start, nil
}

// revokeRights deletes a binding by the name that the manifests give it.
func revokeRights(ctx context.Context, l *Lab) (healing, error) {
	bindings := l.Client().RbacV1().ClusterRoleBindings()
	binding, err := bindings.Get(ctx, "kubevitals", metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("the rights of kubevitals: %w", errMissing)
	}
	if err := bindings.Delete(ctx, binding.Name, metav1.DeleteOptions{}); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		binding.ResourceVersion, binding.UID = "", ""
		_, err := bindings.Create(ctx, binding, metav1.CreateOptions{})
		return err
	}, nil
}
