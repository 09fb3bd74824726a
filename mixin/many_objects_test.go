package mixin_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/test/raced"
)

// mostInstances is how many alerts of one name anybody reads.
const mostInstances = 10

// TestThousandIllAreFewAlerts takes a rule test in which an alert fires, makes a thousand
// objects ill in the same way, and verifies that no alert at warning or above has more
// than ten instances then; that what tells of sixty counts them all; and that three are
// told of one by one.
func TestThousandIllAreFewAlerts(t *testing.T) {
	t.Parallel()
	if raced.Enabled {
		t.Skip("each case is evaluated by one goroutine: there is nothing for the race detector, which takes ten times as long")
	}
	shipped, each := rulesOf(t, "generated/alerts.yaml"), rulesOf(t, "generated/alerts-each.yaml")
	looksBack := map[string]bool{}
	for _, a := range load(t).Alerts {
		looksBack[a.Name] = strings.Contains(a.Expr, "[") || strings.Contains(a.Expr, "kubevitals:")
	}
	cases, forms := allIll(t), loadForms(t)
	asMany := make(chan string, len(cases))
	t.Cleanup(func() { // when all have been tried
		t.Logf("%d alerts tell of many at once; the others of a share, or they give way to one that does", len(asMany))
		if len(asMany) < 90 {
			t.Errorf("only %d alerts tell of many at once", len(asMany))
		}
	})
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			few := one.times(3, forms[name].labels)
			if diff := cmp.Diff(labelsFound(few.evaluated(t, each, looksBack[name])), labelsFound(few.evaluated(t, shipped, looksBack[name]))); diff != "" {
				t.Errorf("three are not told one by one (-want +got):\n%s", diff)
			}
			for alert, findings := range one.times(1000, forms[name].labels).evaluated(t, shipped, looksBack[name]) {
				if len(findings) > mostInstances && findings[0].Severity != "info" {
					t.Errorf("%d instances of %s, such as %v", len(findings), alert, findings[0].Labels)
				}
			}
			more, told := one.times(60, forms[name].labels), 0.0
			for _, f := range more.evaluated(t, shipped, looksBack[name])[name] {
				if forms[name].limit > 0 && strings.HasPrefix(f.Summary, "Many ") {
					told += float64(f.Value)
				} else {
					told++
				}
			}
			want := len(more.evaluated(t, each, looksBack[name])[name])
			if float64(want) != told {
				t.Errorf("it tells of %g, and %d are ill", told, want)
			}
			if want > forms[name].limit && forms[name].limit > 0 {
				asMany <- name
			}
		})
	}
}

func rulesOf(t *testing.T, file string) *ruleeval.Rules {
	t.Helper()
	rules, err := ruleeval.Parse([]byte(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// labelsFound are the labels of findings, by alert.
func labelsFound(found map[string][]ruleeval.Finding) map[string][]map[string]string {
	labels := map[string][]map[string]string{}
	for alert, findings := range found {
		for _, f := range findings {
			labels[alert] = append(labels[alert], f.Labels)
		}
	}
	return labels
}
