package fleet_test

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/test/fleet"
)

// setting is a number from the environment, by which make simulate-fleet plays more
// than a test does.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("$%s: %v", name, err)
	}
	return n
}

func rules(t *testing.T) *ruleeval.Rules {
	t.Helper()
	rules, err := diagnosis.AlertRules()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestHealthyDay verifies that nothing above info fires in a large cluster in which
// all goes on that goes on in clusters that are well.
func TestHealthyDay(t *testing.T) {
	t.Parallel()
	nodes, hours := setting(t, "KUBEVITALS_FLEET_NODES", 60), setting(t, "KUBEVITALS_FLEET_HOURS", 6)
	every := time.Duration(setting(t, "KUBEVITALS_FLEET_EVALUATION_SECONDS", 120)) * time.Second
	lasts := time.Duration(hours) * time.Hour
	all := rules(t)
	synctest.Test(t, func(t *testing.T) {
		c := fleet.NewCluster(nodes, 1, time.Now)
		c.Plan(lasts)
		fired, err := fleet.Play(t.Context(), fleet.Options{Cluster: c, Rules: []*ruleeval.Rules{all}, Lasts: lasts, Evaluation: every, Settle: synctest.Wait})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d nodes, %d hours. What happened:", nodes, hours)
		for _, name := range slices.Sorted(maps.Keys(c.Happened)) {
			t.Logf("%5d  %s", c.Happened[name], name)
		}
		severities := map[string]int{}
		for _, f := range fired[0] {
			severities[f.Severity]++
			if f.Severity != "info" {
				t.Errorf("a healthy cluster: %s (until %s)", f, f.Until.Format("15:04"))
			}
		}
		for _, s := range ruleeval.Severities() {
			t.Logf("%5d  alerts fired of severity %s", severities[s], s)
		}
		for _, f := range fired[0] {
			if f.Severity == "info" {
				t.Logf("       %s", f)
			}
		}
	})
}

// TestPlantedFaults verifies that the simulation can tell: what is wrong is named, in
// the same cluster with the same goings-on.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	all := rules(t)
	for _, fault := range fleet.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := fleet.NewCluster(30, 2, time.Now)
				c.Give(fault, 4*time.Minute)
				played, err := fleet.Play(t.Context(), fleet.Options{Cluster: c, Rules: []*ruleeval.Rules{all}, Lasts: 28 * time.Minute, Evaluation: time.Minute, Settle: synctest.Wait})
				if err != nil {
					t.Fatal(err)
				}
				fired := played[0]
				for _, alert := range fault.Tells {
					if !slices.ContainsFunc(fired, func(f fleet.Fired) bool { return f.Alert == alert }) {
						t.Errorf("%s does not fire: %v", alert, fired)
					}
				}
				slices.SortFunc(fired, func(a, b fleet.Fired) int { return cmp.Compare(a.Alert, b.Alert) })
				for _, f := range fired {
					t.Log(f)
				}
			})
		})
	}
}
