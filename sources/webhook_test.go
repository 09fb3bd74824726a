package sources

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/certs/certstest"
)

// renamed gives every name the same prefix, as the same name is given the same one.
type renamed struct{}

func (renamed) Node(name string) string  { return "x" + name }
func (renamed) As(_, name string) string { return "x" + name }
func (renamed) Text(string) string       { return "" }
func rule(ops ...admissionv1.OperationType) admissionv1.RuleWithOperations {
	return admissionv1.RuleWithOperations{Operations: ops, Rule: admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}}}
}

// TestWebhooks verifies what is read of webhooks, alike of what is watched and of what a
// snapshot keeps.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	expires := time.Date(2031, 6, 1, 12, 0, 0, 0, time.UTC)
	ca := CABundle{Given: true, Expires: expires}
	ignore, fail, cluster := admissionv1.Ignore, admissionv1.Fail, admissionv1.ClusterScope
	service := admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "sys", Name: "hook"}, CABundle: []byte(certstest.PEM(t, expires))}
	url := "https://secret.example.com"
	everything := admissionv1.RuleWithOperations{Operations: []admissionv1.OperationType{"*"}, Rule: admissionv1.Rule{APIGroups: []string{"*"}, Resources: []string{"*/*"}}}
	clusterOnly := everything
	clusterOnly.Scope = &cluster
	some := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "secret"}}
	validating := &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "v"},
		Webhooks: []admissionv1.ValidatingWebhook{
			{Name: "all", ClientConfig: service, FailurePolicy: &fail, Rules: []admissionv1.RuleWithOperations{rule("CREATE")}},
			{Name: "default", ClientConfig: service, Rules: []admissionv1.RuleWithOperations{everything}},
			{Name: "updates", ClientConfig: service, FailurePolicy: &ignore, Rules: []admissionv1.RuleWithOperations{rule("UPDATE")}},
			{Name: "cluster", ClientConfig: service, FailurePolicy: &ignore, Rules: []admissionv1.RuleWithOperations{clusterOnly}},
			{Name: "url", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}, FailurePolicy: &fail},
			{Name: "narrow", ClientConfig: service, FailurePolicy: &fail, Rules: []admissionv1.RuleWithOperations{rule("CREATE")}, ObjectSelector: some},
			{Name: "cel", ClientConfig: service, FailurePolicy: &fail, Rules: []admissionv1.RuleWithOperations{rule("CREATE")}, MatchConditions: []admissionv1.MatchCondition{{Name: "secret", Expression: "secret"}}},
		},
	}
	mutating := &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "m"},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: "selects", ClientConfig: service, FailurePolicy: &fail, Rules: []admissionv1.RuleWithOperations{rule("CREATE")},
			NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "skip", Operator: metav1.LabelSelectorOpDoesNotExist}}},
		}},
	}
	all := labels.Everything()
	want := map[string][]Webhook{
		"v": {
			{Configuration: "v", Name: "all", Namespace: "sys", Service: "hook", Fails: true, Pods: true, All: true, Namespaces: all, CA: ca},
			{Configuration: "v", Name: "default", Namespace: "sys", Service: "hook", Fails: true, Pods: true, All: true, Namespaces: all, CA: ca},
			{Configuration: "v", Name: "updates", Namespace: "sys", Service: "hook", Namespaces: all, CA: ca},
			{Configuration: "v", Name: "cluster", Namespace: "sys", Service: "hook", Namespaces: all, CA: ca},
			{Configuration: "v", Name: "url", Fails: true, Namespaces: all},
			{Configuration: "v", Name: "narrow", Namespace: "sys", Service: "hook", Fails: true, Pods: true, Namespaces: all, CA: ca},
			{Configuration: "v", Name: "cel", Namespace: "sys", Service: "hook", Fails: true, Pods: true, Namespaces: all, CA: ca},
		},
		"m": {{Configuration: "m", Name: "selects", Mutating: true, Namespace: "sys", Service: "hook", Fails: true, Pods: true, All: true, Namespaces: selecting(t, "!skip"), CA: ca}},
	}
	bySelector := cmp.Comparer(func(a, b labels.Selector) bool { return a.String() == b.String() })
	for name, obj := range map[string]runtime.Object{"v": validating, "m": mutating} {
		trim := Trimmed(trimValidating)
		if name == "m" {
			trim = Trimmed(trimMutating)
		}
		kept, err := trim(mustJSON(t, obj), &Latest{})
		if err != nil {
			t.Fatal(err)
		}
		if text := string(mustJSON(t, kept.Object)); strings.Contains(text, "secret") || strings.Contains(text, strings.TrimSpace(strings.Split(certstest.PEM(t, expires), "\n")[1][:20])) {
			t.Errorf("keeps what is nobody's business: %s", text)
		}
		for form, o := range map[string]any{"watched": obj, "trimmed": kept.Object} {
			got, err := webhooksOf(o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[name], got, bySelector); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, form, diff)
			}
		}
	}
	if _, err := webhooksOf(&discoveryv1.EndpointSlice{}); err == nil {
		t.Error("takes another object for a configuration")
	}
}

func selecting(t *testing.T, text string) labels.Selector {
	t.Helper()
	s, err := labels.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRedactedWebhooksSelectTheSame verifies that a webhook selects a namespace by its
// labels also once both are redacted, and that no name is left.
func TestRedactedWebhooksSelectTheSame(t *testing.T) {
	t.Parallel()
	const text = `{"metadata":{"name":"acme"},"webhooks":[{"name":"acme.example.com","clientConfig":{"service":{"namespace":"acme","name":"acme"}},
		"namespaceSelector":{"matchLabels":{"acme.com/team":"acme","kubernetes.io/metadata.name":"acme"},"matchExpressions":[{"key":"acme.com/inject","operator":"In","values":["true","acme"]}]}}]}`
	kept, err := Trimmed(trimMutating)([]byte(text), &Latest{})
	if err != nil {
		t.Fatal(err)
	}
	var namespace Kept
	if namespace, err = Trimmed(trimNamespace)([]byte(`{"metadata":{"name":"acme","labels":{"acme.com/team":"acme","kubernetes.io/metadata.name":"acme","acme.com/inject":"true"}}}`), &Latest{}); err != nil {
		t.Fatal(err)
	}
	Redacted(redactMutating)(kept.Object, renamed{})
	Redacted(redactNamespace)(namespace.Object, renamed{})
	webhooks, err := webhooksOf(kept.Object)
	if err != nil {
		t.Fatal(err)
	}
	n, err := namespaceOf(namespace.Object)
	if err != nil || !webhooks[0].Namespaces.Matches(labels.Set(n.Labels)) || n.Name != webhooks[0].Namespace {
		t.Errorf("%v does not select %+v (%v)", webhooks[0].Namespaces, n, err)
	}
	for _, o := range []runtime.Object{kept.Object, namespace.Object} {
		raw, err := json.Marshal(o)
		if err != nil || strings.Contains(strings.ReplaceAll(string(raw), "xacme", ""), "acme") {
			t.Errorf("a name is left: %s %v", raw, err)
		}
	}
}

// TestAnyReady verifies that an endpoint that does not say is taken for ready, as clients do,
// and that what a snapshot keeps says the same, without addresses.
func TestAnyReady(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, tt := range map[string]struct {
		ready []*bool
		want  bool
	}{"none": {nil, false}, "does not say": {[]*bool{nil}, true}, "not ready": {[]*bool{&no, &no}, false}, "one is": {[]*bool{&no, &yes}, true}} {
		slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "sys"}}
		for _, ready := range tt.ready {
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{"192.0.2.1"}, Conditions: discoveryv1.EndpointConditions{Ready: ready}})
		}
		kept, err := Trimmed(trimEndpointSlice)(mustJSON(t, slice), &Latest{})
		if err != nil {
			t.Fatal(err)
		}
		if got := anyReady(slice); got != tt.want || anyReady(kept.Object.(*discoveryv1.EndpointSlice)) != tt.want {
			t.Errorf("%s: ready %t", name, got)
		}
		if strings.Contains(string(mustJSON(t, kept.Object)), "192.0.2.1") {
			t.Errorf("%s: keeps an address", name)
		}
	}
}
