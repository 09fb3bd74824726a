package sources

import (
	"fmt"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevitals/kubevitals/sources/certs"
)

// Webhook is one admission webhook.
type Webhook struct {
	// Configuration and Name are that of the configuration and its own within it.
	Configuration, Name string
	// Mutating tells it from a validating one.
	Mutating bool
	// Namespace and Service are the Service that it is behind; both empty for one that has
	// a URL, which may be anywhere.
	Namespace, Service string
	// Fails says that a request is refused where the webhook does not answer.
	Fails bool
	// Pods says that it is called for new pods, and All for every one of the namespaces that
	// Namespaces selects: nothing else narrows it down.
	Pods, All  bool
	Namespaces labels.Selector
	// CA is by what the API server trusts it.
	CA CABundle
}

// CABundle is a caBundle, by which API servers trust whoever serves.
type CABundle struct {
	// Given says that there is one; without, the authorities of the API server's machine
	// count, or none do.
	Given bool
	// Expires is when its last certificate does; zero where none can be read.
	Expires time.Time
}

func caBundleOf(bundle []byte) CABundle {
	return CABundle{Given: len(bundle) > 0, Expires: certs.Bundle(bundle)}
}

// webhooksOf are the webhooks of a configuration of either kind.
func webhooksOf(obj any) ([]Webhook, error) {
	var all []Webhook
	add := func(configuration string, w admissionv1.ValidatingWebhook, mutating bool) error {
		one, err := webhookOf(w)
		if err != nil {
			return fmt.Errorf("webhook %s: %w", w.Name, err)
		}
		one.Configuration, one.Mutating = configuration, mutating
		all = append(all, one)
		return nil
	}
	switch o := obj.(type) {
	case *admissionv1.ValidatingWebhookConfiguration:
		for _, w := range o.Webhooks {
			if err := add(o.Name, w, false); err != nil {
				return nil, err
			}
		}
	case *admissionv1.MutatingWebhookConfiguration:
		for _, w := range o.Webhooks {
			if err := add(o.Name, inCommon(w), true); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("unexpected type %T", obj)
	}
	return all, nil
}

// inCommon is what a mutating webhook has in common with a validating one.
func inCommon(w admissionv1.MutatingWebhook) admissionv1.ValidatingWebhook {
	return admissionv1.ValidatingWebhook{
		Name: w.Name, ClientConfig: w.ClientConfig, Rules: w.Rules, FailurePolicy: w.FailurePolicy,
		NamespaceSelector: w.NamespaceSelector, ObjectSelector: w.ObjectSelector, MatchConditions: w.MatchConditions,
	}
}

func webhookOf(w admissionv1.ValidatingWebhook) (Webhook, error) {
	one := Webhook{
		Name:  w.Name,
		Fails: w.FailurePolicy == nil || *w.FailurePolicy == admissionv1.Fail, // the default of v1
		Pods:  slices.ContainsFunc(w.Rules, newPods), Namespaces: labels.Everything(),
		CA: caBundleOf(w.ClientConfig.CABundle),
	}
	one.All = one.Pods && !narrows(w.ObjectSelector) && len(w.MatchConditions) == 0
	if s := w.ClientConfig.Service; s != nil {
		one.Namespace, one.Service = s.Namespace, s.Name
	}
	if w.NamespaceSelector != nil {
		selector, err := metav1.LabelSelectorAsSelector(w.NamespaceSelector)
		if err != nil {
			return one, fmt.Errorf("namespaceSelector: %w", err)
		}
		one.Namespaces = selector
	}
	return one, nil
}

// narrows tells whether a selector selects less than all.
func narrows(s *metav1.LabelSelector) bool {
	return s != nil && (len(s.MatchLabels) > 0 || len(s.MatchExpressions) > 0)
}

// newPods tells whether a rule is about pods that are created.
func newPods(r admissionv1.RuleWithOperations) bool {
	created := slices.Contains(r.Operations, admissionv1.Create) || slices.Contains(r.Operations, admissionv1.OperationAll)
	core := slices.Contains(r.APIGroups, "") || slices.Contains(r.APIGroups, "*")
	pods := slices.ContainsFunc(r.Resources, func(name string) bool { return name == "pods" || name == "*" || name == "*/*" })
	return created && core && pods && (r.Scope == nil || *r.Scope != admissionv1.ClusterScope)
}
