package sources

import (
	"cmp"
	"slices"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/refusal"
)

// Said are the words of the cluster itself about objects that samples of a metric are of:
// what is wrong with each by its conditions, or why the API server refused. It only looks at
// sources that are read anyway, and leaves out those that are unavailable.
//
// The labels of each sample name an object: a node, an autoscaler, an APIService, a
// namespace, or an owner of pods.
func (s *Sources) Said(metric string, samples []map[string]string) []Fact {
	about := func(collector string) bool { return strings.HasPrefix(metric, "kubevitals_"+collector+"_") }
	var facts []Fact
	switch {
	case about("pod_creation"):
		facts = append(s.saidOfOwners(samples), s.saidOfWebhooks(valuesOf(samples, "webhook"))...)
	case about("addon_health"):
		facts = s.saidOfAddons(samples)
	case about("certificates") && strings.Contains(metric, "_requests"):
		facts = s.saidOfRequests(samples)
	case about("aggregated_api"):
		facts = s.saidOfAPIs(valuesOf(samples, "apiservice"))
	case about("terminating_namespaces"):
		facts = s.saidOfNamespaces(valuesOf(samples, "namespace"))
	case about("autoscaling"):
		facts = s.saidOfAutoscalers(samples)
	case strings.HasPrefix(metric, "kubevitals_node_"):
		facts = s.saidOfNodes(valuesOf(samples, "node"))
	}
	slices.SortFunc(facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(facts)
}

// valuesOf are the values that the samples have of a label.
func valuesOf(samples []map[string]string, label string) map[string]bool {
	values := map[string]bool{}
	for _, labels := range samples {
		if value := labels[label]; value != "" {
			values[value] = true
		}
	}
	return values
}

// owner is an object that pods belong to.
type owner struct{ namespace, kind, name, cause string }

func (s *Sources) saidOfOwners(samples []map[string]string) []Fact {
	wanted := map[owner]bool{}
	for _, l := range samples {
		wanted[owner{l["namespace"], l["kind"], l["owner"], l["cause"]}] = true
	}
	var facts []Fact
	said := func(kind, namespace, name string, cause refusal.Cause, message string, at time.Time) {
		if wanted[owner{namespace, kind, name, string(cause)}] {
			facts = append(facts, Fact{Object: kind + " " + namespace + "/" + name, Name: "FailedCreate", Message: message, At: at})
		}
	}
	if log, ok := s.stores[Events].(*events.Log); ok {
		refused, _ := log.Refused() // the result says which sources are unavailable
		for _, r := range refused {
			said(r.Kind, r.Namespace, r.Name, r.Cause, r.Message, r.Last)
		}
	}
	for _, d := range known[*RefusedDeployment](s, Deployments) {
		if d != nil {
			said("Deployment", d.Namespace, d.Name, d.Cause, d.Message, d.Since)
		}
	}
	return facts
}

// saidOfAddons names the pods of addons that crash, that lack an image or that are started
// again and again, with what their kubelets say of their containers.
func (s *Sources) saidOfAddons(samples []map[string]string) []Fact {
	type place struct{ addon, node string }
	wanted, everywhere := map[place]bool{}, map[string]bool{}
	for _, l := range samples {
		if node, ok := l["node"]; ok {
			wanted[place{l["addon"], node}] = true
		} else {
			everywhere[l["addon"]] = true
		}
	}
	seen := map[string]bool{}
	var facts []Fact
	for _, source := range AddonPodLists() {
		for _, p := range known[SystemPod](s, source) {
			name, addon := p.Namespace+"/"+p.Name, cmp.Or(string(p.Addon), p.App)
			if p.Done || seen[name] || !wanted[place{addon, p.Node}] && !(everywhere[addon] && !p.Ready) {
				continue
			}
			seen[name] = true
			if says := p.says(s.Now()); says != "" {
				facts = append(facts, Fact{Object: "Pod " + name, Name: "containerStatuses", Message: says, At: p.LastEnd})
			}
		}
	}
	return facts
}

// saidOfWebhooks is what the configurations say that admission webhooks are in.
func (s *Sources) saidOfWebhooks(wanted map[string]bool) []Fact {
	var facts []Fact
	for _, source := range []Read{ValidatingWebhooks, MutatingWebhooks} {
		for _, webhook := range slices.Concat(known[[]Webhook](s, source)...) {
			if !wanted[webhook.Name] {
				continue
			}
			kind, policy, behind := "ValidatingWebhookConfiguration", "Ignore", "a URL"
			if webhook.Mutating {
				kind = "MutatingWebhookConfiguration"
			}
			if webhook.Fails {
				policy = "Fail"
			}
			if webhook.Service != "" {
				behind = "Service " + webhook.Namespace + "/" + webhook.Service
			}
			facts = append(facts, Fact{
				Object: kind + " " + webhook.Configuration, Name: "failurePolicy", Value: policy,
				Message: "webhook " + webhook.Name + ", failurePolicy " + policy + ", behind " + behind,
			})
		}
	}
	return facts
}

// saidOfRequests names the requests for certificates that are in the states of the samples.
func (s *Sources) saidOfRequests(samples []map[string]string) []Fact {
	all := known[CertificateRequest](s, CertificateRequests)
	refused := Refused(all)
	var facts []Fact
	for _, l := range samples {
		of := all
		if l["state"] == RequestDenied || l["state"] == RequestFailed {
			of = refused
		}
		for _, r := range of {
			if r.Signer != l["signer"] || r.State != l["state"] {
				continue
			}
			says := r.State
			if r.Node != "" {
				says += ", asked for by the kubelet of node " + r.Node
			}
			facts = append(facts, Fact{Object: "CertificateSigningRequest " + r.Name, Name: r.Signer, Value: r.State, Message: says, At: r.Made})
		}
	}
	return facts
}

func (s *Sources) saidOfAPIs(wanted map[string]bool) []Fact {
	var facts []Fact
	for _, a := range known[APIService](s, APIServices) {
		if wanted[a.Name] && a.Available != nil && !*a.Available {
			facts = append(facts, condition("APIService "+a.Name, "Available", "False", a.Reason, a.Message, a.Since))
		}
	}
	return facts
}

func (s *Sources) saidOfNamespaces(wanted map[string]bool) []Fact {
	var facts []Fact
	for _, n := range known[Namespace](s, Namespaces) {
		if wanted[n.Name] && n.Message != "" {
			facts = append(facts, Fact{Object: "Namespace " + n.Name, Name: string(n.Hold), Message: n.Message, At: n.Deletion})
		}
	}
	return facts
}

func (s *Sources) saidOfNodes(wanted map[string]bool) []Fact {
	var facts []Fact
	for _, n := range known[*corev1.Node](s, Nodes) {
		if !wanted[n.Name] {
			continue
		}
		for _, c := range n.Status.Conditions {
			usual := corev1.ConditionFalse
			if c.Type == corev1.NodeReady {
				usual = corev1.ConditionTrue
			}
			if c.Status != usual && c.Message != "" {
				facts = append(facts, condition("Node "+n.Name, string(c.Type), string(c.Status), c.Reason, c.Message, c.LastTransitionTime.Time))
			}
		}
	}
	return facts
}

func (s *Sources) saidOfAutoscalers(samples []map[string]string) []Fact {
	wanted := map[string]bool{}
	for _, l := range samples {
		wanted[l["namespace"]+"/"+l["horizontalpodautoscaler"]] = true
	}
	var facts []Fact
	for _, h := range known[*autoscalingv2.HorizontalPodAutoscaler](s, HPAs) {
		name := h.Namespace + "/" + h.Name
		if !wanted[name] {
			continue
		}
		for _, c := range h.Status.Conditions {
			if c.Status == corev1.ConditionFalse && c.Message != "" && c.Type != autoscalingv2.ScalingLimited {
				facts = append(facts, condition("HorizontalPodAutoscaler "+name, string(c.Type), string(c.Status), c.Reason, c.Message, c.LastTransitionTime.Time))
			}
		}
	}
	return facts
}

// known are the objects of a view; none where it was not asked for, or is unavailable.
func known[T any](s *Sources, source Read) []T {
	view, ok := s.stores[source].(*health.View[T])
	if !ok {
		return nil
	}
	all, err := view.List()
	if err != nil {
		return nil // the result says which sources are unavailable
	}
	return all
}
