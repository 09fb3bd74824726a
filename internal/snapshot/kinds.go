package snapshot

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is one kind of object that matters.
type kind int

const (
	noKind kind = iota
	nodeKind
	podKind
	eventKind
	deploymentKind
	daemonSetKind
	autoscalerKind
	leaseKind
	apiServiceKind
	nodeMetricsKind
	// Of these only the presence of the list tells something.
	endpointSliceKind
	serviceKind
	namespaceKind
	kindCount = iota
)

// resource is what a kind is called in the API.
func (k kind) resource() (r schema.GroupResource, namespaced bool) {
	switch k {
	case nodeKind:
		return schema.GroupResource{Resource: "nodes"}, false
	case podKind:
		return schema.GroupResource{Resource: "pods"}, true
	case eventKind:
		return schema.GroupResource{Resource: "events"}, true
	case deploymentKind:
		return schema.GroupResource{Group: "apps", Resource: "deployments"}, true
	case daemonSetKind:
		return schema.GroupResource{Group: "apps", Resource: "daemonsets"}, true
	case autoscalerKind:
		return schema.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}, true
	case leaseKind:
		return schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}, true
	case apiServiceKind:
		return schema.GroupResource{Group: "apiregistration.k8s.io", Resource: "apiservices"}, false
	case nodeMetricsKind:
		return schema.GroupResource{Group: "metrics.k8s.io", Resource: "nodes"}, false
	case endpointSliceKind:
		return schema.GroupResource{Group: "discovery.k8s.io", Resource: "endpointslices"}, true
	case serviceKind:
		return schema.GroupResource{Resource: "services"}, true
	}
	return schema.GroupResource{Resource: "namespaces"}, false
}

// key is the name of the resource, with its group.
func (k kind) key() string {
	r, _ := k.resource()
	return r.String()
}

func (k kind) namespaced() bool {
	_, yes := k.resource()
	return yes
}

// kindOf finds a kind as objects name it; noKind if it does not matter.
func kindOf(apiVersion, name string) kind {
	switch apiVersion + "/" + name {
	case "v1/Node":
		return nodeKind
	case "v1/Pod":
		return podKind
	case "v1/Event", "events.k8s.io/v1/Event":
		return eventKind
	case "apps/v1/Deployment":
		return deploymentKind
	case "apps/v1/DaemonSet":
		return daemonSetKind
	case "autoscaling/v2/HorizontalPodAutoscaler":
		return autoscalerKind
	case "coordination.k8s.io/v1/Lease":
		return leaseKind
	case "apiregistration.k8s.io/v1/APIService":
		return apiServiceKind
	case "metrics.k8s.io/v1beta1/NodeMetrics", "metrics.k8s.io/v1/NodeMetrics":
		return nodeMetricsKind
	case "discovery.k8s.io/v1/EndpointSlice":
		return endpointSliceKind
	case "v1/Service":
		return serviceKind
	case "v1/Namespace":
		return namespaceKind
	}
	return noKind
}

// kindOfPlural finds a kind by the name of a file or folder.
func kindOfPlural(plural string) kind {
	if plural == "" {
		return noKind
	}
	for k := noKind + 1; k < kindCount; k++ {
		if r, _ := k.resource(); r.Resource == plural && k != nodeMetricsKind {
			return k
		}
	}
	return noKind
}

// kindIn reads the kind that an object says it is of. The name is empty if it
// does not say, as in lists whose kind follows from the list's.
func kindIn(raw []byte) (k kind, name string, err error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return noKind, "", fmt.Errorf("object: %w", err)
	}
	return kindOf(head.APIVersion, head.Kind), head.Kind, nil
}

// keep decodes an object and keeps it. It returns its namespace.
func (r *reader) keep(k kind, raw []byte) (string, error) {
	obj, at, err := decode(k, raw, &r.latest)
	if err != nil {
		return "", err
	}
	if at.Name == "" || k.namespaced() != (at.Namespace != "") {
		return "", fmt.Errorf("%q in namespace %q: name or namespace missing or misplaced", at.Name, at.Namespace)
	}
	if k == namespaceKind {
		if r.namespaces == nil {
			r.namespaces = map[string]bool{}
		}
		r.namespaces[at.Name] = true
	}
	if obj != nil {
		r.snapshot.Objects = append(r.snapshot.Objects, obj)
	}
	return at.Namespace, nil
}

// decode returns what is kept of an object; nil if that is nothing.
func decode(k kind, raw []byte, latest *latestTime) (runtime.Object, identity, error) {
	switch k {
	case nodeKind:
		return into(raw, latest, trimNode)
	case podKind:
		return into(raw, latest, trimPod)
	case eventKind:
		if strings.Contains(apiVersionOf(raw), "events.k8s.io") {
			return into(raw, latest, trimNewEvent)
		}
		return into(raw, latest, trimEvent)
	case deploymentKind:
		return into(raw, latest, trimDeployment)
	case daemonSetKind:
		return into(raw, latest, trimDaemonSet)
	case autoscalerKind:
		return into(raw, latest, trimAutoscaler)
	case leaseKind:
		return into(raw, latest, trimLease)
	case apiServiceKind:
		return into(raw, latest, trimAPIService)
	case nodeMetricsKind:
		return into(raw, latest, trimNodeMetrics)
	}
	return into(raw, latest, trimNothing)
}

func apiVersionOf(raw []byte) string {
	var head struct {
		APIVersion string `json:"apiVersion"`
	}
	_ = json.Unmarshal(raw, &head) // it was decoded before
	return head.APIVersion
}
