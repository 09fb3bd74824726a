package snapshot_test

import (
	"strings"
	"testing"
)

// TestWebhooksOfADump verifies that webhooks without endpoints are named of a dump that has
// all that tells of them, and that one with the endpoints of some namespaces only claims
// nothing.
func TestWebhooksOfADump(t *testing.T) {
	t.Parallel()
	const group = "admissionregistration.k8s.io/v1"
	webhook := func(name, service string) string {
		return `"metadata":{"name":"` + name + `"},"webhooks":[{"name":"` + name + `.example.com","failurePolicy":"Fail","clientConfig":{"service":{"namespace":"sys","name":"` + service + `"}},
			"rules":[{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"]}],"namespaceSelector":{"matchExpressions":[{"key":"skip","operator":"DoesNotExist"}]}}]`
	}
	slice := func(namespace, service, ready string) string {
		return object("discovery.k8s.io/v1", "EndpointSlice", `"metadata":{"name":"`+service+`-1","namespace":"`+namespace+`","labels":{"kubernetes.io/service-name":"`+service+`"}},"addressType":"IPv4","endpoints":[{"addresses":["192.0.2.1"],"conditions":{"ready":`+ready+`}}]`)
	}
	files := map[string]string{
		"nodes.json":      listOf("v1", "List", object("v1", "Node", faulty()["a"])),
		"validating.json": listOf(group, "ValidatingWebhookConfigurationList", object(group, "ValidatingWebhookConfiguration", webhook("well", "well"))),
		"mutating.json": listOf(group, "MutatingWebhookConfigurationList", object(group, "MutatingWebhookConfiguration", webhook("ill", "ill")),
			object(group, "MutatingWebhookConfiguration", webhook("gone", "gone")), object(group, "MutatingWebhookConfiguration", webhook("outside", "outside"))),
		"namespaces.json": listOf("v1", "NamespaceList", object("v1", "Namespace", `"metadata":{"name":"sys"}`), object("v1", "Namespace", `"metadata":{"name":"default"}`)),
		"services.json": listOf("v1", "ServiceList", object("v1", "Service", `"metadata":{"name":"well","namespace":"sys"},"spec":{"type":"ClusterIP"}`),
			object("v1", "Service", `"metadata":{"name":"outside","namespace":"sys"},"spec":{"type":"ExternalName","externalName":"secret.example.com"}`),
			object("v1", "Service", `"metadata":{"name":"kubernetes","namespace":"default"}`)),
		"slices.json": listOf("v1", "List", slice("sys", "well", "true"), slice("sys", "ill", "false"), slice("default", "kubernetes", "true")),
	}
	const ill = "kubevitals_admission_webhooks_without_endpoints{backend=sys/ill,called_for=own_pods,configuration=ill,failure_policy=Fail,reason=no_endpoints,type=mutating,webhook=ill.example.com}"
	const gone = "kubevitals_admission_webhooks_without_endpoints{backend=sys/gone,called_for=own_pods,configuration=gone,failure_policy=Fail,reason=no_slices,type=mutating,webhook=gone.example.com}"
	got, _, _ := replay(t, folder(t, files), ill)
	for sample, want := range map[string]float64{ill: 1, gone: 1, "kubevitals_admission_webhooks_webhooks{state=with_endpoints}": 1, "kubevitals_admission_webhooks_webhooks{state=external}": 1} {
		if have, ok := got[sample]; !ok || have != want {
			t.Errorf("%s is %v (there: %t), want %v", sample, have, ok, want)
		}
	}
	delete(files, "services.json")
	const maybe = "kubevitals_admission_webhooks_without_endpoints{backend=sys/outside,called_for=own_pods,configuration=outside,failure_policy=Fail,reason=no_slices_or_external,type=mutating,webhook=outside.example.com}"
	if got, _, _ := replay(t, folder(t, files), ill); got[maybe] != 1 {
		t.Errorf("without Services %s is not told of", maybe)
	}
	files["slices.json"] = listOf("v1", "List", slice("default", "kubernetes", "true"))
	got, _, d := replay(t, folder(t, files))
	for sample := range got {
		if strings.HasPrefix(sample, "kubevitals_admission_webhooks_") {
			t.Errorf("without endpoints of all namespaces: %s", sample)
		}
	}
	if len(d.Partial) > 0 {
		t.Errorf("partial: %q", d.Partial)
	}
}
