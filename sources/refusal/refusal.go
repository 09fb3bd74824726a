// Package refusal decides why an API server refused to create a pod: one cause from a
// closed list, from the message of the event FailedCreate that the pod's owner sent. The
// words are those of the admission plugins of Kubernetes.
package refusal

import (
	"regexp"
	"slices"
	"strings"
)

// Cause says why a pod was not created. The set is closed.
type Cause string

// The causes.
const (
	// WebhookUnreachable: an admission webhook does not answer, and its failurePolicy is Fail.
	WebhookUnreachable Cause = "webhook_unreachable"
	// WebhookDenied: an admission webhook answered no.
	WebhookDenied Cause = "webhook_denied"
	// PolicyDenied: a ValidatingAdmissionPolicy says no.
	PolicyDenied Cause = "policy_denied"
	// Quota: a ResourceQuota of the namespace is used up, or wants limits that the pod lacks.
	Quota Cause = "quota"
	// QuotaScope: pods of their priority class need a ResourceQuota that allows it, and the
	// namespace has none.
	QuotaScope Cause = "quota_scope"
	// LimitRange: the pod asks for more or less than a LimitRange of the namespace allows.
	LimitRange Cause = "limit_range"
	// PodSecurity: Pod Security refuses what the pod asks for.
	PodSecurity Cause = "pod_security"
	// SecurityContextConstraint and PodSecurityPolicy: none that the pod may use, of OpenShift
	// and of Kubernetes before 1.25, allows what it asks for.
	SecurityContextConstraint Cause = "security_context_constraint"
	PodSecurityPolicy         Cause = "pod_security_policy"
	// ServiceAccountMissing, PriorityClassMissing and RuntimeClassMissing: the pod names one
	// that does not exist.
	ServiceAccountMissing Cause = "service_account_missing"
	PriorityClassMissing  Cause = "priority_class_missing"
	RuntimeClassMissing   Cause = "runtime_class_missing"
	// NamespaceTerminating: the namespace is being deleted, which is as it should be.
	NamespaceTerminating Cause = "namespace_terminating"
	// Invalid: the template makes no pod.
	Invalid Cause = "invalid"
	// Forbidden: the owner's controller may not, or another admission plugin refuses.
	Forbidden Cause = "forbidden"
	// Etcd: etcd gave no answer in time, or has no leader.
	Etcd Cause = "etcd"
	// TimedOut: the request took longer than it may. Webhooks that do not answer take the time
	// of a request even where they may be left out.
	TimedOut Cause = "timeout"
	// APIServer: the API server does not take the request.
	APIServer Cause = "apiserver"
	// Other: in words that are not known here.
	Other Cause = "other"
)

// sign is a piece of a message by which a cause is known.
type sign struct {
	cause Cause
	words string
}

// signs are what messages of each cause contain. The first of a message counts: what
// follows may quote anything. Where several begin at the same place, the first here does.
func signs() []sign {
	return []sign{
		{WebhookUnreachable, "failed calling webhook"},
		{WebhookUnreachable, "failed calling admission webhook"}, // until Kubernetes 1.13
		{WebhookDenied, "admission webhook "},
		{PolicyDenied, "ValidatingAdmissionPolicy "},
		{Quota, "exceeded quota:"},
		{Quota, "failed quota:"},
		{QuotaScope, "insufficient quota to match these scopes"},
		{PodSecurity, "violates PodSecurity"},
		{SecurityContextConstraint, "unable to validate against any security context constraint"},
		{PodSecurityPolicy, "unable to validate against any pod security policy"},
		{PodSecurityPolicy, "PodSecurityPolicy: unable to "},
		{PodSecurityPolicy, "no providers available to validate pod request"},
		{ServiceAccountMissing, "error looking up service account"},
		{PriorityClassMissing, "no PriorityClass with name"},
		{RuntimeClassMissing, "pod rejected: RuntimeClass"},
		{NamespaceTerminating, "because it is being terminated"},
		{NamespaceTerminating, "unable to create new content in namespace"},
		{LimitRange, "maximum cpu "}, {LimitRange, "maximum memory "}, {LimitRange, "maximum ephemeral-storage "}, {LimitRange, "maximum storage "},
		{LimitRange, "minimum cpu "}, {LimitRange, "minimum memory "}, {LimitRange, "minimum ephemeral-storage "}, {LimitRange, "minimum storage "},
		{LimitRange, "max limit to request ratio per"},
		{Invalid, `" is invalid: `},
		{Etcd, "etcdserver: "},
		{TimedOut, "context deadline exceeded"},
		{TimedOut, "request did not complete within"},
		{APIServer, "the server is currently unable to handle the request"},
		{APIServer, "connection refused"},
		{APIServer, "too many requests"},
	}
}

// Causes returns every cause.
func Causes() []Cause {
	var all []Cause
	for _, s := range signs() {
		if !slices.Contains(all, s.cause) {
			all = append(all, s.cause)
		}
	}
	return append(all, Forbidden, Other)
}

// Fault says why a webhook did not answer. The set is closed, and Untold is the one of
// all other causes.
type Fault string

// The faults of webhooks.
const (
	Untold         Fault = ""
	NoEndpoints    Fault = "no_endpoints"
	ServiceMissing Fault = "service_missing"
	Refused        Fault = "refused"
	NoAnswer       Fault = "timeout"
	Certificate    Fault = "certificate"
	Unresolved     Fault = "unresolved"
	OddAnswer      Fault = "bad_answer"
	UnknownFault   Fault = "other"
)

const (
	longestWebhook = 253
	forbiddenWords = " is forbidden: "
)

// webhookName is how messages name a webhook. It never changes.
var webhookName = regexp.MustCompile(`webhook(?:, failing closed)? "?([A-Za-z0-9.-]+)"?`)

// faults are what messages about webhooks contain, the most telling first.
func faults() []struct {
	fault Fault
	words []string
} {
	return []struct {
		fault Fault
		words []string
	}{
		{NoEndpoints, []string{"no endpoints available for service"}},
		{ServiceMissing, []string{" not found"}},
		{Certificate, []string{"x509: ", "tls: "}},
		{Unresolved, []string{"no such host", "server misbehaving"}},
		{Refused, []string{"connection refused", "no route to host", "connection reset by peer", "network is unreachable"}},
		{NoAnswer, []string{"deadline exceeded", "i/o timeout", "Client.Timeout", "TLS handshake timeout"}},
		{OddAnswer, []string{"could not be understood", "unexpected response", "expected response", "received invalid webhook response", "an error on the server", "EOF", "the server could not find the requested resource", "webhook returned"}},
	}
}

// Refusal is what a message says.
type Refusal struct {
	Cause Cause
	// Webhook is the name of the webhook, where one was called and the message names it.
	Webhook string
	// Fault is why it did not answer; Untold unless the cause is WebhookUnreachable.
	Fault Fault
}

// Of decides what the message of an event FailedCreate says.
func Of(message string) Refusal {
	cause, at := Other, len(message)
	for _, s := range signs() {
		if i := strings.Index(message, s.words); i >= 0 && i < at {
			cause, at = s.cause, i
		}
	}
	if cause == Other && strings.Contains(message, forbiddenWords) {
		cause = Forbidden
	}
	r := Refusal{Cause: cause}
	switch cause {
	case WebhookUnreachable:
		r.Webhook, r.Fault = nameIn(message[at:]), faultIn(message[at:])
	case WebhookDenied:
		r.Webhook = nameIn(message[at:])
	}
	return r
}

func nameIn(message string) string {
	found := webhookName.FindStringSubmatch(message)
	if found == nil || len(found[1]) > longestWebhook {
		return "" // not named, or not as one can be
	}
	return strings.Clone(found[1])
}

func faultIn(message string) Fault {
	for _, f := range faults() {
		for _, words := range f.words {
			if strings.Contains(message, words) {
				return f.fault
			}
		}
	}
	return UnknownFault
}

// Essence is a message that says the same as one that was decided so, and names nothing
// but the webhook.
func (r Refusal) Essence() string {
	switch r.Cause {
	case Other:
		return ""
	case Forbidden:
		return forbiddenWords
	}
	i := slices.IndexFunc(signs(), func(s sign) bool { return s.cause == r.Cause })
	text := signs()[i].words
	if r.Webhook != "" {
		text = strings.TrimSuffix(text, " ") + ` "` + r.Webhook + `"`
	}
	for _, f := range faults() {
		if f.fault == r.Fault {
			text += ": " + f.words[0]
		}
	}
	return text
}
