package sources

import (
	"encoding/base64"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// APIService is one registration of an API group and version.
type APIService struct {
	// Name is VERSION.GROUP.
	Name string
	// Local says that the API server itself serves it.
	Local bool
	// Service is the NAMESPACE/NAME of whoever serves it otherwise; empty while it is
	// not known.
	Service string
	// Available is the condition of that name; nil while it is unknown.
	Available *bool
	// Reason is the condition's reason, Message what the API server says, cut, and Since
	// when the condition became so; zero where it does not say.
	Reason, Message string
	Since           time.Time
	// CA is by what the API server trusts whoever serves it.
	CA CABundle
}

func apiServiceOf(obj any) (APIService, error) {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return APIService{}, fmt.Errorf("unexpected type %T", obj)
	}
	service, found, err := unstructured.NestedMap(u.Object, "spec", "service")
	if err != nil {
		return APIService{}, fmt.Errorf("spec.service: %w", err)
	}
	a := APIService{Name: u.GetName(), Local: !found || service == nil}
	namespace, _ := service["namespace"].(string)
	if name, _ := service["name"].(string); name != "" && namespace != "" {
		a.Service = namespace + "/" + name
	}
	bundle, _, err := unstructured.NestedString(u.Object, "spec", "caBundle")
	if err != nil {
		return APIService{}, fmt.Errorf("spec.caBundle: %w", err)
	}
	decoded, err := base64.StdEncoding.DecodeString(bundle)
	if err != nil {
		return APIService{}, fmt.Errorf("spec.caBundle: %w", err)
	}
	a.CA = caBundleOf(decoded)
	conditions, _, err := unstructured.NestedSlice(u.Object, "status", "conditions")
	if err != nil {
		return APIService{}, fmt.Errorf("status.conditions: %w", err)
	}
	for _, c := range conditions {
		condition, ok := c.(map[string]any)
		if !ok || condition["type"] != "Available" || condition["status"] == "Unknown" {
			continue
		}
		available := condition["status"] == "True"
		a.Available = &available
		a.Reason, _ = condition["reason"].(string)
		message, _ := condition["message"].(string)
		since, _ := condition["lastTransitionTime"].(string)
		a.Message = cutMessage(message)
		a.Since, _ = time.Parse(time.RFC3339, since) // zero where it is no time
	}
	return a, nil
}
