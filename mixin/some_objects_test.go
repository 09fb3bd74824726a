package mixin_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestEdgesToSomeObjectsReachManyForms verifies that an edge which explains some objects
// alone holds in forms for many, too, where no inhibition can reach: what it explains is
// left out of them while the cause fires.
func TestEdgesToSomeObjectsReachManyForms(t *testing.T) {
	t.Parallel()
	forms, conditions := loadForms(t), map[string]string{}
	for _, r := range shippedRules(t) {
		if r.Record == "kubevitals:alert_object" {
			conditions[r.Labels["alert"]] = r.Expr
		}
	}
	lacks := func(alert string, labels ...string) bool { // a form for many that has not one of these
		return slices.ContainsFunc(labels, func(l string) bool { return slices.Contains(forms[alert].labels, l) })
	}
	found := 0
	for _, e := range loadCauses(t) {
		if !e.Inhibits || len(e.Where) == 0 || forms[e.Explains].limit == 0 {
			continue
		}
		byObject := lacks(e.Cause, slices.Concat(e.On, slices.Collect(maps.Keys(e.When)))...)
		toObjects := lacks(e.Explains, slices.Collect(maps.Keys(e.Where))...)
		if !byObject && !toObjects {
			continue // Alertmanager sees to it
		}
		found++
		condition := conditions[e.Explains]
		for label, pattern := range e.Where {
			if marked := fmt.Sprintf(`"explained", "yes", %q, %q`, label, pattern); !strings.Contains(condition, marked) {
				t.Errorf("%s -> %s: where %s is %s goes unheeded in the form for many:\n%s", e.Cause, e.Explains, label, pattern, condition)
			}
		}
		source := `ALERTS{alertname=`
		if byObject {
			source = `kubevitals:alert_object:told{alert=`
		}
		if !slices.ContainsFunc(strings.Split(condition, source)[1:], func(rest string) bool {
			matcher, _, _ := strings.Cut(rest, "}")
			return strings.Contains(matcher, strings.TrimPrefix(e.Cause, "KubeVitals"))
		}) {
			t.Errorf("%s -> %s: %s is not asked for the cause:\n%s", e.Cause, e.Explains, source, condition)
		}
	}
	if found < 9 {
		t.Errorf("only %d edges explain some objects of alerts with a form for many", found)
	}
}
