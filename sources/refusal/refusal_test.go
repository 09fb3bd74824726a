package refusal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources/refusal"
)

// TestOf verifies what messages of API servers and controllers say.
func TestOf(t *testing.T) {
	t.Parallel()
	seen := map[refusal.Cause]bool{}
	for _, tt := range []struct {
		message string
		want    refusal.Refusal
	}{
		{`Error creating: Internal error occurred: failed calling webhook "pods.inject.example.com": failed to call webhook: Post "https://inject.injector.svc:443/pods?timeout=10s": no endpoints available for service "inject"`,
			refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "pods.inject.example.com", Fault: refusal.NoEndpoints}},
		{`Error creating: Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post "https://a.b.svc:443/?timeout=10s": service "a" not found`,
			refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "a.b", Fault: refusal.ServiceMissing}},
		{`create Pod web-0 in StatefulSet web failed error: Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post "https://a.b.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused`,
			refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "a.b", Fault: refusal.Refused}},
		{`Error creating: Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post "https://a.b.svc:443/?timeout=10s": context deadline exceeded`,
			refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "a.b", Fault: refusal.NoAnswer}},
		{`Error creating: Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post "https://a.b.svc:443/?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
			refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "a.b", Fault: refusal.Certificate}},
		{`Error creating: Internal error occurred: failed calling webhook, failing closed a.b: failed calling webhook "a.b": Post https://x: EOF`,
			refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "a.b", Fault: refusal.OddAnswer}},
		{`Error creating: Internal error occurred: failed calling admission webhook "a.b": Post https://x: what is this`,
			refusal.Refusal{Cause: refusal.WebhookUnreachable, Webhook: "a.b", Fault: refusal.UnknownFault}},
		{`Error creating: admission webhook "deny.example.com" denied the request: exceeded quota: of pods, failed calling webhook "x"`,
			refusal.Refusal{Cause: refusal.WebhookDenied, Webhook: "deny.example.com"}},
		{`Error creating: admission webhook "` + strings.Repeat("a", 300) + `" denied the request`, refusal.Refusal{Cause: refusal.WebhookDenied}},
		{`Error creating: pods "web-" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`, refusal.Refusal{Cause: refusal.PolicyDenied}},
		{`Error creating: pods "web-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10`, refusal.Refusal{Cause: refusal.Quota}},
		{`Error creating: pods "web-x" is forbidden: failed quota: q: must specify limits.cpu for: c`, refusal.Refusal{Cause: refusal.Quota}},
		{`Error creating: pods "web-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set ...)`, refusal.Refusal{Cause: refusal.PodSecurity}},
		{`Error creating: pods "web-" is forbidden: unable to validate against any security context constraint: [provider "anyuid": Forbidden]`, refusal.Refusal{Cause: refusal.SecurityContextConstraint}},
		{`Error creating: pods "web-" is forbidden: unable to validate against any pod security policy: []`, refusal.Refusal{Cause: refusal.PodSecurityPolicy}},
		{`Error creating: pods "web-" is forbidden: PodSecurityPolicy: unable to admit pod: []`, refusal.Refusal{Cause: refusal.PodSecurityPolicy}},
		{`Error creating: pods "web-" is forbidden: no providers available to validate pod request`, refusal.Refusal{Cause: refusal.PodSecurityPolicy}},
		{`Error creating: insufficient quota to match these scopes: [{PriorityClass In [system-node-critical system-cluster-critical]}]`, refusal.Refusal{Cause: refusal.QuotaScope}},
		{`Error creating: pods "web-" is forbidden: error looking up service account shop/web: serviceaccount "web" not found`, refusal.Refusal{Cause: refusal.ServiceAccountMissing}},
		{`Error creating: pods "web-" is forbidden: no PriorityClass with name high was found`, refusal.Refusal{Cause: refusal.PriorityClassMissing}},
		{`Error creating: pods "web-" is forbidden: pod rejected: RuntimeClass "gvisor" not found`, refusal.Refusal{Cause: refusal.RuntimeClassMissing}},
		{`Error creating: pods "web-" is forbidden: unable to create new content in namespace shop because it is being terminated`, refusal.Refusal{Cause: refusal.NamespaceTerminating}},
		{`Error creating: pods "web-" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, minimum memory usage per Pod is 1Gi]`, refusal.Refusal{Cause: refusal.LimitRange}},
		{`Error creating: Pod "web-x" is invalid: spec.containers[0].image: Required value`, refusal.Refusal{Cause: refusal.Invalid}},
		{`Error creating: pods is forbidden: User "system:serviceaccount:kube-system:replicaset-controller" cannot create resource "pods"`, refusal.Refusal{Cause: refusal.Forbidden}},
		{`Error creating: etcdserver: request timed out`, refusal.Refusal{Cause: refusal.Etcd}},
		{`Error creating: the server is currently unable to handle the request`, refusal.Refusal{Cause: refusal.APIServer}},
		{`Error creating: Timeout: request did not complete within requested timeout - context deadline exceeded`, refusal.Refusal{Cause: refusal.TimedOut}},
		{`Error creating: the moon is full`, refusal.Refusal{Cause: refusal.Other}},
		{``, refusal.Refusal{Cause: refusal.Other}},
	} {
		got := refusal.Of(tt.message)
		if got != tt.want {
			t.Errorf("%+v, want %+v, of %s", got, tt.want, tt.message)
		}
		if again := refusal.Of(got.Essence()); again != got {
			t.Errorf("%q says %+v, and not %+v", got.Essence(), again, got)
		}
		seen[got.Cause] = true
	}
	for _, c := range refusal.Causes() {
		if !seen[c] {
			t.Errorf("no message of the cause %s", c)
		}
	}
	if len(refusal.Causes()) != len(seen) || !slices.Contains(refusal.Causes(), refusal.Other) {
		t.Errorf("causes: %v", refusal.Causes())
	}
}

// FuzzOf verifies that whatever a message says, it has a cause of the list, and that what
// a snapshot keeps of it says the same.
func FuzzOf(f *testing.F) {
	f.Add(`Error creating: admission webhook "a.b" denied the request: exceeded quota: x`)
	f.Add(`failed calling webhook "": x509: not found`)
	f.Fuzz(func(t *testing.T, message string) {
		r := refusal.Of(message)
		if !slices.Contains(refusal.Causes(), r.Cause) || len(r.Webhook) > 253 {
			t.Fatalf("%+v", r)
		}
		if again := refusal.Of(r.Essence()); again != r {
			t.Errorf("%q says %+v, and not %+v", r.Essence(), again, r)
		}
	})
}
