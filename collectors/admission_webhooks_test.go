package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources"
)

// webhooksOf is a source of configurations, of one webhook each.
func webhooksOf(all ...sources.Webhook) func() ([][]sources.Webhook, error) {
	return func() ([][]sources.Webhook, error) {
		var configurations [][]sources.Webhook
		for _, w := range all {
			if w.Namespaces == nil {
				w.Namespaces = labels.Everything()
			}
			configurations = append(configurations, []sources.Webhook{w})
		}
		return configurations, nil
	}
}

func backendsOf(b sources.Backends) func() (sources.Backends, error) {
	return func() (sources.Backends, error) { return b, nil }
}

// externalOf are Services of the namespace sys that lead elsewhere.
func externalOf(names ...string) func() ([]types.NamespacedName, error) {
	return func() (all []types.NamespacedName, _ error) {
		for _, name := range names {
			all = append(all, types.NamespacedName{Namespace: "sys", Name: name})
		}
		return all, nil
	}
}

func TestAdmissionWebhooks(t *testing.T) {
	t.Parallel()
	elsewhere, err := labels.Parse("inject notin (no)")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, admissionWebhooksName, admissionWebhooksCollector{
		validating: webhooksOf(
			sources.Webhook{Configuration: "well", Name: "well.example.com", Namespace: "sys", Service: "well", Fails: true, Pods: true, All: true},
			sources.Webhook{Configuration: "far", Name: "far.example.com", Fails: true},
			sources.Webhook{Configuration: "named", Name: "named.example.com", Namespace: "sys", Service: "outside", Fails: true, Pods: true},
			sources.Webhook{Configuration: "ingress", Name: "ingress.example.com", Namespace: "sys", Service: "gone", Fails: true},
			sources.Webhook{Configuration: "lenient", Name: "lenient.example.com", Namespace: "sys", Service: "empty", Pods: true, All: true},
		),
		mutating: webhooksOf(
			sources.Webhook{Configuration: "deadlock", Mutating: true, Name: "deadlock.example.com", Namespace: "sys", Service: "empty", Fails: true, Pods: true, All: true},
			sources.Webhook{Configuration: "spares", Mutating: true, Name: "spares-itself.example.com", Namespace: "sys", Service: "empty", Fails: true, Pods: true, All: true, Namespaces: elsewhere},
			sources.Webhook{Configuration: "some", Mutating: true, Name: "some.example.com", Namespace: "sys", Service: "empty", Fails: true, Pods: true},
		),
		backends: backendsOf(sources.Backends{{Namespace: "sys", Name: "well"}: true, {Namespace: "sys", Name: "empty"}: false}),
		external: externalOf("outside"),
		namespaces: func() ([]sources.Namespace, error) {
			return []sources.Namespace{{Name: "sys", Labels: labels.Set{"inject": "no"}}}, nil
		},
	}, AdmissionWebhooks().Metrics)
}

// TestAdmissionWebhooksAreBounded verifies that of too many those are told of that do most
// harm.
func TestAdmissionWebhooksAreBounded(t *testing.T) {
	t.Parallel()
	var all []sources.Webhook
	for n := range mostWebhooks + 3 {
		all = append(all, sources.Webhook{Configuration: fmt.Sprintf("c%04d", n), Name: "w", Namespace: "sys", Service: "gone"})
	}
	all = append(all, sources.Webhook{Configuration: "z", Name: "worst", Namespace: "sys", Service: "gone", Fails: true, Pods: true})
	c := admissionWebhooksCollector{webhooksOf(all...), webhooksOf(), backendsOf(nil), externalOf(), func() ([]sources.Namespace, error) { return nil, nil }}
	text := string(scrapeText(t, admissionWebhooksName, c, AdmissionWebhooks().Metrics))
	if got := strings.Count(text, "\nkubevitals_admission_webhooks_without_endpoints{"); got != mostWebhooks {
		t.Errorf("%d series, want %d", got, mostWebhooks)
	}
	if !strings.Contains(text, `webhook="worst"`) {
		t.Errorf("leaves out the worst:\n%s", text)
	}
}

// TestAdmissionWebhooksWhileBlind verifies that nothing is told of webhooks without
// all that tells of their endpoints, that of one kind of configurations only those are told
// of that are ill, and that namespaces are missed only where a webhook may hold up itself.
func TestAdmissionWebhooksWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	webhook := webhooksOf(sources.Webhook{Configuration: "c", Name: "w", Namespace: "sys", Service: "s", Fails: true, Pods: true, All: true})
	none := func() ([][]sources.Webhook, error) { return nil, blind }
	backends := backendsOf(sources.Backends{types.NamespacedName{Namespace: "sys", Name: "s"}: false})
	namespaces := func() ([]sources.Namespace, error) { return nil, nil }
	for name, c := range map[string]admissionWebhooksCollector{
		"configurations": {none, none, backends, externalOf(), namespaces},
		"endpoints":      {webhook, webhook, func() (sources.Backends, error) { return nil, blind }, externalOf(), namespaces},
	} {
		if err := collectError(t, c); !errors.Is(err, blind) {
			t.Errorf("without %s: %v, want the source's error", name, err)
		}
		if text := string(scrapeText(t, admissionWebhooksName, c, AdmissionWebhooks().Metrics)); strings.Contains(text, "kubevitals_admission_webhooks_") {
			t.Errorf("without %s:\n%s", name, text)
		}
	}
	for name, c := range map[string]admissionWebhooksCollector{
		"validating": {none, webhook, backends, externalOf(), namespaces}, "mutating": {webhook, none, backends, externalOf(), namespaces},
	} {
		text := string(scrapeText(t, admissionWebhooksName, c, AdmissionWebhooks().Metrics))
		if !strings.Contains(text, `webhook="w"} 1`) || strings.Contains(text, "kubevitals_admission_webhooks_webhooks{") || !strings.Contains(text, `success{collector="admission_webhooks"} 0`) {
			t.Errorf("without %s ones:\n%s", name, text)
		}
	}
	c := admissionWebhooksCollector{webhook, webhooksOf(), backends, externalOf(), func() ([]sources.Namespace, error) { return nil, blind }}
	text := string(scrapeText(t, admissionWebhooksName, c, AdmissionWebhooks().Metrics))
	if !strings.Contains(text, `called_for="pods"`) || !strings.Contains(text, `success{collector="admission_webhooks"} 0`) {
		t.Errorf("without namespaces:\n%s", text)
	}
}

// TestAdmissionWebhooksWithoutServices verifies that of a webhook without EndpointSlices it is
// said that it may be external while Services cannot be seen, and that these are not missed
// where every webhook has some.
func TestAdmissionWebhooksWithoutServices(t *testing.T) {
	t.Parallel()
	blind := func() ([]types.NamespacedName, error) { return nil, errors.New("forbidden") }
	namespaces := func() ([]sources.Namespace, error) { return nil, nil }
	webhook := webhooksOf(sources.Webhook{Configuration: "c", Name: "w", Namespace: "sys", Service: "s", Fails: true})
	scrape := func(b sources.Backends) string {
		c := admissionWebhooksCollector{webhook, webhooksOf(), backendsOf(b), blind, namespaces}
		return string(scrapeText(t, admissionWebhooksName, c, AdmissionWebhooks().Metrics))
	}
	if text := scrape(nil); !strings.Contains(text, `reason="no_slices_or_external"`) || !strings.Contains(text, `success{collector="admission_webhooks"} 0`) {
		t.Errorf("without EndpointSlices:\n%s", text)
	}
	if text := scrape(sources.Backends{{Namespace: "sys", Name: "s"}: false}); !strings.Contains(text, `reason="no_endpoints"`) || !strings.Contains(text, `success{collector="admission_webhooks"} 1`) {
		t.Errorf("with an EndpointSlice:\n%s", text)
	}
}
