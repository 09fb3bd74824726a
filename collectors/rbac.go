package collectors

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources"
)

// ClusterRules returns the rights that the definitions need in the whole
// cluster for what they read of the table, merged and sorted.
func ClusterRules(table sources.Table, definitions []Definition) []rbacv1.PolicyRule {
	return merge(table.Rights(reads(definitions))[metav1.NamespaceAll])
}

// NamespaceRules returns the rights that the definitions need in single
// namespaces beside those in the whole cluster, merged and sorted, by namespace;
// sources.OwnNamespace stands for the one that kubevitals runs in.
func NamespaceRules(table sources.Table, definitions []Definition) map[string][]rbacv1.PolicyRule {
	byNamespace := table.Rights(reads(definitions))
	everywhere := byNamespace[metav1.NamespaceAll]
	delete(byNamespace, metav1.NamespaceAll)
	for namespace, rules := range byNamespace {
		byNamespace[namespace] = Without(rules, everywhere)
	}
	return byNamespace
}

// reads is all that the definitions read.
func reads(definitions []Definition) []sources.Read {
	var all []sources.Read
	for _, d := range definitions {
		all = append(all, d.Reads...)
	}
	return all
}

// grant is one thing that may be acted upon.
type grant struct{ group, resource, name, url string }

// merge takes the rules apart and puts the pieces together again, so that what
// two definitions need appears once.
func merge(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule { return regroup(apart(rules)) }

// Without returns the rules less what others give already, merged and sorted.
func Without(rules, others []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	verbs, given := apart(rules), apart(others)
	for g, set := range verbs {
		maps.DeleteFunc(set, func(verb string, _ bool) bool { return given[g][verb] })
		if len(set) == 0 {
			delete(verbs, g)
		}
	}
	return regroup(verbs)
}

// apart returns the verbs by what they may be done to.
func apart(rules []rbacv1.PolicyRule) map[grant]map[string]bool {
	verbs := map[grant]map[string]bool{}
	allow := func(g grant, names []string) {
		if verbs[g] == nil {
			verbs[g] = map[string]bool{}
		}
		for _, v := range names {
			verbs[g][v] = true
		}
	}
	for _, r := range rules {
		for _, url := range r.NonResourceURLs {
			allow(grant{url: url}, r.Verbs)
		}
		names := r.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, name := range names {
					allow(grant{group, resource, name, ""}, r.Verbs)
				}
			}
		}
	}
	return verbs
}

// regroup joins the resources of one API group, and the URLs, that share verbs
// and object names.
func regroup(verbs map[grant]map[string]bool) []rbacv1.PolicyRule {
	type shape struct{ group, name, verbs, kind string }
	members := map[shape][]string{}
	for g, set := range verbs {
		s := shape{g.group, g.name, strings.Join(slices.Sorted(maps.Keys(set)), ","), "resource"}
		member := g.resource
		if g.url != "" {
			s.kind, member = "url", g.url
		}
		members[s] = append(members[s], member)
	}
	shapes := slices.SortedFunc(maps.Keys(members), func(a, b shape) int {
		return cmp.Or(
			cmp.Compare(a.kind, b.kind), cmp.Compare(a.group, b.group),
			cmp.Compare(a.name, b.name), cmp.Compare(a.verbs, b.verbs),
		)
	})
	var merged []rbacv1.PolicyRule
	for _, s := range shapes {
		rule := rbacv1.PolicyRule{Verbs: strings.Split(s.verbs, ",")}
		slices.Sort(members[s])
		if s.kind == "url" {
			rule.NonResourceURLs = members[s]
		} else {
			rule.APIGroups, rule.Resources = []string{s.group}, members[s]
			if s.name != "" {
				rule.ResourceNames = []string{s.name}
			}
		}
		merged = append(merged, rule)
	}
	return merged
}
