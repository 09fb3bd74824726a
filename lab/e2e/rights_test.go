package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/lab/manifests"
)

// right is one verb on one thing in one of the shipped roles.
type right struct{ role, thing, verb string }

func (r right) String() string { return r.verb + " " + r.thing + " (" + r.role + ")" }

// rights takes the rules of all shipped roles apart.
func rights(t *testing.T, objects []*unstructured.Unstructured) []right {
	t.Helper()
	var all []right
	for _, o := range objects {
		if !strings.HasSuffix(o.GetKind(), "Role") {
			continue
		}
		for _, rule := range rules(t, o) {
			for _, verb := range rule.Verbs {
				for _, thing := range append(rule.Resources, rule.NonResourceURLs...) {
					all = append(all, right{o.GetKind() + "/" + o.GetNamespace(), thing, verb})
				}
			}
		}
	}
	return all
}

func rules(t *testing.T, o *unstructured.Unstructured) []rbacv1.PolicyRule {
	t.Helper()
	var role rbacv1.ClusterRole // a Role has the same rules
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
		t.Fatal(err)
	}
	return role.Rules
}

// without returns copies of the roles and bindings for an account of its own,
// less one right.
func without(t *testing.T, objects []*unstructured.Unstructured, less right, account string) []*unstructured.Unstructured {
	t.Helper()
	var copies []*unstructured.Unstructured
	for _, o := range objects {
		kind := o.GetKind()
		if kind != "ServiceAccount" && !strings.HasSuffix(kind, "Role") && !strings.HasSuffix(kind, "RoleBinding") {
			continue
		}
		c := o.DeepCopy()
		c.SetName(account)
		switch {
		case strings.HasSuffix(kind, "Binding"):
			set(t, c, account, "roleRef", "name")
			subjects := []any{map[string]any{"kind": "ServiceAccount", "name": account, "namespace": "kubevitals"}}
			if err := unstructured.SetNestedSlice(c.Object, subjects, "subjects"); err != nil {
				t.Fatal(err)
			}
		case strings.HasSuffix(kind, "Role") && kind+"/"+o.GetNamespace() == less.role:
			c.Object["rules"] = reduced(t, rules(t, o), less)
		}
		copies = append(copies, c)
	}
	return copies
}

func set(t *testing.T, o *unstructured.Unstructured, value string, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}

// reduced spells the rules out one by one and leaves one out.
func reduced(t *testing.T, all []rbacv1.PolicyRule, less right) []any {
	t.Helper()
	kept := []any{}
	keep := func(rule rbacv1.PolicyRule, thing, verb string) {
		if thing == less.thing && verb == less.verb {
			return
		}
		rule.Verbs = []string{verb}
		object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&rule)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, object)
	}
	for _, rule := range all {
		for _, verb := range rule.Verbs {
			for _, name := range rule.Resources {
				keep(rbacv1.PolicyRule{APIGroups: rule.APIGroups, Resources: []string{name}, ResourceNames: rule.ResourceNames}, name, verb)
			}
			for _, url := range rule.NonResourceURLs {
				keep(rbacv1.PolicyRule{NonResourceURLs: []string{url}}, url, verb)
			}
		}
	}
	return kept
}

// lost returns what a kubevitals cannot see that it should.
func lost(s samples) []string {
	var all []string
	for _, name := range []string{"source_available", "kubelet_available"} {
		for _, m := range s["kubevitals_"+name].GetMetric() {
			if m.GetGauge().GetValue() == 0 {
				all = append(all, fmt.Sprint(name, m.Label))
			}
		}
	}
	for _, probe := range []string{"livez", "readyz", "read", "write"} {
		if s.sum("apiserver_probe_result", "probe", probe, "result", "ok") == 0 {
			all = append(all, probe)
		}
	}
	if s.sum("metric_cardinality_series", "component", "kube-apiserver") == 0 {
		all = append(all, "metrics of the API server")
	}
	return all
}

// TestRightsAreEnoughAndNoMore runs one kubevitals with all shipped rights, which
// sees everything, and one for each right without it, which does not.
func TestRightsAreEnoughAndNoMore(t *testing.T) {
	objects, err := manifests.Build(base)
	if err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		if missing := lost(s); len(missing) > 0 {
			return fmt.Errorf("with all rights kubevitals does not see %v", missing)
		}
		return nil
	})
	// Who may read is up to others.
	objects = slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool {
		return o.GetName() == "kubevitals-auth" || o.GetName() == "kubevitals-reader"
	})
	all := rights(t, objects)
	if len(all) < 10 {
		t.Fatalf("only %d rights were found in the manifests: %v", len(all), all)
	}
	whole, err := check(t.Context(), nil, shared.vitals.sameFlags(t)...)
	if err != nil || len(whole.Unavailable) > 0 {
		t.Fatalf("with all rights check cannot read %v, %v", whole.Unavailable, err)
	}
	slots := make(chan struct{}, 4)
	var wait sync.WaitGroup
	for i, r := range all {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := missed(t, objects, r, fmt.Sprintf("less-%d", i), whole); err != nil {
				t.Errorf("%s: %v", r, err)
			}
		})
	}
	wait.Wait()
}

// missed fails unless a kubevitals without the right loses sight of something, and
// a check without it tells more than a whole one.
func missed(t *testing.T, objects []*unstructured.Unstructured, r right, account string, whole result) error {
	ctx := t.Context()
	if err := shared.apply(ctx, without(t, objects, r, account)...); err != nil {
		return err
	}
	kubeconfig, err := shared.ServiceAccountKubeconfig(ctx, "kubevitals", account)
	if err != nil {
		return err
	}
	if r.verb == "list" {
		// A right to list is for API servers that cannot stream lists; this one can,
		// unless it is not asked to.
		ctx = withEnv(ctx, "KUBE_FEATURE_WatchListClient=false")
	}
	v, err := startVitals(ctx, account, shared.LogDir(), kubeconfig, "--kubelet.ca-file="+shared.KubeletCAFile())
	if err != nil {
		return err
	}
	defer v.stop()
	// Long enough for all that can be seen to be seen: what is missing then stays so.
	enough := time.After(20 * time.Second)
	told, err := toldWithout(ctx, v.sameFlags(t), whole)
	if err != nil {
		return err
	}
	<-enough
	s, err := v.scrape(ctx)
	if err != nil {
		return err
	}
	if len(lost(s)) == 0 {
		return fmt.Errorf("the right is not needed")
	}
	if len(told) == 0 {
		return fmt.Errorf("without it kubevitals does not see %v, and check says nothing of it", lost(s))
	}
	t.Logf("%s: without it kubevitals does not see %v, and check tells %v", r, lost(s), told)
	return shared.Client().CoreV1().ServiceAccounts("kubevitals").Delete(ctx, account, metav1.DeleteOptions{})
}

// toldWithout is what a check tells that a whole one does not.
func toldWithout(ctx context.Context, flags []string, whole result) ([]string, error) {
	looked, err := check(ctx, func(cmd *exec.Cmd) error {
		if env, ok := ctx.Value(envKey{}).(string); ok {
			cmd.Env = append(os.Environ(), env)
		}
		return cmd.Start()
	}, flags...)
	if err != nil {
		return nil, err
	}
	told := slices.DeleteFunc(looked.found(), func(f string) bool { return slices.Contains(whole.found(), f) })
	for _, b := range looked.Unavailable {
		told = append(told, fmt.Sprint(b))
	}
	return told, nil
}
