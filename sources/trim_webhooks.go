package sources

import (
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/certs"
)

// someCondition stands for conditions of somebody's own: that there are any is all that
// counts.
const someCondition = "kubevitals.io/some"

func trimValidating(c *admissionv1.ValidatingWebhookConfiguration, latest *Latest) runtime.Object {
	kept := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: trimMeta(c.ObjectMeta, latest)}
	for _, w := range c.Webhooks {
		kept.Webhooks = append(kept.Webhooks, trimWebhook(w))
	}
	return kept
}

func trimMutating(c *admissionv1.MutatingWebhookConfiguration, latest *Latest) runtime.Object {
	kept := &admissionv1.MutatingWebhookConfiguration{ObjectMeta: trimMeta(c.ObjectMeta, latest)}
	for _, w := range c.Webhooks {
		t := trimWebhook(inCommon(w))
		kept.Webhooks = append(kept.Webhooks, admissionv1.MutatingWebhook{
			Name: t.Name, ClientConfig: t.ClientConfig, Rules: t.Rules, FailurePolicy: t.FailurePolicy,
			NamespaceSelector: t.NamespaceSelector, ObjectSelector: t.ObjectSelector, MatchConditions: t.MatchConditions,
		})
	}
	return kept
}

func trimWebhook(w admissionv1.ValidatingWebhook) admissionv1.ValidatingWebhook {
	return admissionv1.ValidatingWebhook{
		Name: w.Name, FailurePolicy: w.FailurePolicy, ClientConfig: trimClient(w.ClientConfig), Rules: trimRules(w.Rules),
		NamespaceSelector: w.NamespaceSelector, ObjectSelector: trimNarrowing(w.ObjectSelector), MatchConditions: trimConditions(w.MatchConditions),
	}
}

// trimClient keeps the Service of a webhook and when its caBundle expires, but no URL and
// no certificate.
func trimClient(c admissionv1.WebhookClientConfig) (kept admissionv1.WebhookClientConfig) {
	if c.Service != nil {
		kept.Service = &admissionv1.ServiceReference{Namespace: c.Service.Namespace, Name: c.Service.Name}
	}
	kept.CABundle = certs.Summary(c.CABundle)
	return kept
}

// trimRules keeps whether new pods are concerned.
func trimRules(rules []admissionv1.RuleWithOperations) (kept []admissionv1.RuleWithOperations) {
	for _, r := range rules {
		if newPods(r) {
			return []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}}
		}
	}
	return nil
}

func trimNarrowing(s *metav1.LabelSelector) *metav1.LabelSelector {
	if !narrows(s) {
		return nil
	}
	return &metav1.LabelSelector{MatchLabels: map[string]string{someCondition: ""}}
}

func trimConditions(list []admissionv1.MatchCondition) []admissionv1.MatchCondition {
	if len(list) == 0 {
		return nil
	}
	return []admissionv1.MatchCondition{{Name: someCondition, Expression: "true"}}
}

// trimEndpointSlice keeps whether a Service has a ready endpoint, but of none the address.
// Those of API servers are found where these are probed, and not in a snapshot.
func trimEndpointSlice(s *discoveryv1.EndpointSlice, latest *Latest) runtime.Object {
	kept := &discoveryv1.EndpointSlice{ObjectMeta: trimMeta(s.ObjectMeta, latest, discoveryv1.LabelServiceName)}
	if s.Namespace == metav1.NamespaceDefault && s.Labels[discoveryv1.LabelServiceName] == "kubernetes" {
		return nil
	}
	if len(s.Endpoints) > 0 {
		kept.Endpoints = []discoveryv1.Endpoint{{Conditions: discoveryv1.EndpointConditions{Ready: new(anyReady(s))}}}
	}
	return kept
}

func redactValidating(c *admissionv1.ValidatingWebhookConfiguration, n Names) {
	redactMeta(c, "webhook-configuration", n)
	for i := range c.Webhooks {
		w := &c.Webhooks[i]
		w.Name = n.As("webhook", w.Name)
		redactClient(w.ClientConfig.Service, n)
		redactSelector(w.NamespaceSelector, n)
	}
}

func redactMutating(c *admissionv1.MutatingWebhookConfiguration, n Names) {
	redactMeta(c, "webhook-configuration", n)
	for i := range c.Webhooks {
		w := &c.Webhooks[i]
		w.Name = n.As("webhook", w.Name)
		redactClient(w.ClientConfig.Service, n)
		redactSelector(w.NamespaceSelector, n)
	}
}

func redactClient(s *admissionv1.ServiceReference, n Names) {
	if s != nil {
		s.Namespace, s.Name = n.As("ns", s.Namespace), n.As("service", s.Name)
	}
}

func redactEndpointSlice(s *discoveryv1.EndpointSlice, n Names) {
	redactMeta(s, "slice", n)
	for name, value := range s.Labels {
		s.Labels[name] = n.As("service", value)
	}
}

// redactSelector replaces the labels of a selector as those of what it selects.
func redactSelector(s *metav1.LabelSelector, n Names) {
	if s == nil {
		return
	}
	s.MatchLabels = redactAnyLabels(s.MatchLabels, n)
	for i := range s.MatchExpressions {
		e := &s.MatchExpressions[i]
		for j, value := range e.Values {
			e.Values[j] = redactValue(value, n)
		}
		e.Key = redactKey(e.Key, n)
	}
}

// redactAnyLabels replaces labels that may be of anybody.
func redactAnyLabels(labels map[string]string, n Names) map[string]string {
	if labels == nil {
		return nil
	}
	redacted := make(map[string]string, len(labels))
	for key, value := range labels {
		redacted[redactKey(key, n)] = redactValue(value, n)
	}
	return redacted
}

// redactKey keeps the keys that Kubernetes itself gives.
func redactKey(key string, n Names) string {
	domain, _, ok := strings.Cut(key, "/")
	if ok && (domain == "kubernetes.io" || strings.HasSuffix(domain, ".kubernetes.io") || strings.HasSuffix(domain, ".k8s.io")) {
		return key
	}
	return n.As("label", key)
}

func redactValue(value string, n Names) string {
	switch value {
	case "true", "false", "enabled", "disabled", "ignore":
		return value
	}
	return n.As("ns", value)
}
