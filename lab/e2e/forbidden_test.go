package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// installedWith applies what the components add to the base but workloads, until the test
// ends, and returns the objects of all.
func installedWith(t *testing.T, components ...string) []*unstructured.Unstructured {
	t.Helper()
	all := buildWith(t, components...)
	for _, o := range all {
		added := strings.HasPrefix(o.GetName(), "kubevitals-node") || strings.HasPrefix(o.GetName(), "kubevitals-pod") || o.GetName() == "kubevitals-logs"
		rights := strings.HasSuffix(o.GetKind(), "Role") || strings.HasSuffix(o.GetKind(), "RoleBinding") || o.GetKind() == "ServiceAccount"
		if !added || !rights {
			continue
		}
		if err := shared.apply(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := shared.remove(context.WithoutCancel(t.Context()), o); err != nil {
				t.Error(err)
			}
		})
	}
	return all
}

// TestNobodyMayDoHarm asks a real API server whether the accounts of kubevitals, with all
// that can be switched on, may do what they never need.
func TestNobodyMayDoHarm(t *testing.T) {
	objects := installedWith(t, "component-logs", "node", "connectivity")
	var accounts []string
	for _, o := range objects {
		if o.GetKind() == "ServiceAccount" {
			accounts = append(accounts, o.GetName())
		}
	}
	if len(accounts) != 4 {
		t.Fatalf("the accounts are %v", accounts)
	}
	var asked []authorizationv1.ResourceAttributes
	each := func(group, resource string, verbs ...string) {
		resource, sub, _ := strings.Cut(resource, "/")
		for _, verb := range verbs {
			for _, namespace := range []string{"", "kubevitals", metav1.NamespaceSystem} {
				asked = append(asked, authorizationv1.ResourceAttributes{Group: group, Resource: resource, Subresource: sub, Verb: verb, Namespace: namespace})
			}
		}
	}
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	write := all[3:]
	each("", "nodes/proxy", "get", "create")
	each("", "secrets", all...)
	each("", "configmaps", all...)
	for _, sub := range []string{"exec", "attach", "portforward", "proxy", "ephemeralcontainers"} {
		each("", "pods/"+sub, "get", "create", "update", "patch")
	}
	for _, resource := range []string{"pods", "nodes", "nodes/status", "namespaces", "serviceaccounts", "services", "events", "persistentvolumes"} {
		each("", resource, write...)
	}
	each("", "serviceaccounts/token", "create")
	for _, who := range []string{"users", "groups", "serviceaccounts"} {
		each("", who, "impersonate")
	}
	each("authentication.k8s.io", "userextras", "impersonate")
	for _, resource := range []string{"roles", "clusterroles", "rolebindings", "clusterrolebindings"} {
		each("rbac.authorization.k8s.io", resource, append(slices.Clone(all), "escalate", "bind")...)
	}
	each("certificates.k8s.io", "certificatesigningrequests/approval", "update", "patch")
	each("certificates.k8s.io", "signers", "approve", "sign")
	each("apps", "deployments", write...)
	each("apps", "daemonsets", write...)
	each("coordination.k8s.io", "leases", "create", "update", "patch", "delete") // of any name
	each("admissionregistration.k8s.io", "mutatingwebhookconfigurations", write...)
	each("*", "*", "*")
	for _, account := range accounts {
		for _, what := range asked {
			if shared.may(t, account, what) {
				t.Errorf("%s may %s %s/%s of %q in %q", account, what.Verb, what.Resource, what.Subresource, what.Group, what.Namespace)
			}
		}
	}
	t.Logf("%d accounts were asked about %d rights each", len(accounts), len(asked))
	// What is asked like this would be found.
	if !shared.may(t, "kubevitals", authorizationv1.ResourceAttributes{Resource: "nodes", Verb: "list"}) ||
		!shared.may(t, "kubevitals-node", authorizationv1.ResourceAttributes{Group: "authentication.k8s.io", Resource: "tokenreviews", Verb: "create"}) {
		t.Error("what they may do is not found")
	}
	writes := map[string]bool{}
	for _, r := range rights(t, objects) {
		if !slices.Contains([]string{"get", "list", "watch"}, r.verb) {
			writes[r.verb+" "+r.thing] = true
		}
	}
	// The last is a right to ask kubevitals itself, where assistants may, and changes nothing.
	for _, known := range []string{"patch leases", "create tokenreviews", "create subjectaccessreviews", "post /mcp"} {
		if !writes[known] {
			t.Errorf("nobody may %s", known)
		}
		delete(writes, known)
	}
	if len(writes) > 0 {
		t.Errorf("roles allow to write: %v", writes)
	}
}

// may asks the API server whether a service account may do something.
func (l *lab) may(t *testing.T, account string, what authorizationv1.ResourceAttributes) bool {
	t.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "system:serviceaccount:kubevitals:" + account, ResourceAttributes: &what,
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:kubevitals", "system:authenticated"},
	}}
	answer, err := l.Client().AuthorizationV1().SubjectAccessReviews().Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Allowed
}

// TestPodSecurityLevels verifies which level the namespace of each component must permit, as
// docs/nodes.md says.
func TestPodSecurityLevels(t *testing.T) {
	levels := []string{"restricted", "baseline", "privileged"}
	for _, level := range levels {
		n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "level-" + level, Labels: map[string]string{"pod-security.kubernetes.io/enforce": level}}}
		if _, err := shared.Client().CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = shared.Client().CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), n.Name, metav1.DeleteOptions{})
		})
	}
	lowest := func(objects []*unstructured.Unstructured, name string) string {
		for _, o := range objects {
			if o.GetName() != name || o.GetKind() != "Deployment" && o.GetKind() != "DaemonSet" {
				continue
			}
			var workload appsv1.DaemonSet // a Deployment has the same template
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &workload); err != nil {
				t.Fatal(err)
			}
			why := []string{}
			for _, level := range levels {
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: workload.Spec.Template.Spec}
				pod.Spec.ServiceAccountName, pod.Spec.PriorityClassName = "default", ""
				_, err := shared.Client().CoreV1().Pods("level-"+level).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
				if err == nil {
					t.Logf("%s: %s; refused were %v", name, level, why)
					return level
				}
				why = append(why, fmt.Sprintf("%s: %v", level, err))
			}
			return strings.Join(why, "\n")
		}
		return "it is not there"
	}
	whole, less := buildWith(t, "node", "connectivity"), buildWith(t, "node", "node-restricted")
	for _, want := range []struct {
		objects     []*unstructured.Unstructured
		name, level string
	}{
		{whole, "kubevitals", "restricted"}, {whole, "kubevitals-pod", "restricted"}, {whole, "kubevitals-node", "privileged"}, {less, "kubevitals-node", "privileged"},
	} {
		if got := lowest(want.objects, want.name); got != want.level {
			t.Errorf("%s needs the level %s, want %s", want.name, got, want.level)
		}
	}
}
