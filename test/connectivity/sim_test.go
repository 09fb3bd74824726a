package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/kubevitals/kubevitals/internal/export"
)

// TestEveryFaultIsFound: the cause and nothing else is named, in a large cluster
// and in a small one, with and without noise.
func TestEveryFaultIsFound(t *testing.T) {
	t.Parallel()
	for nodes, rounds := range map[int]int{30: 20, 1000: 5} {
		topology := NewTopology(nodes, 3, 8)
		for _, f := range append(Faults(), NoFault()) {
			if nodes == 30 && f.Name == "a tenth of the nodes" {
				continue // these are three, which are told of one by one
			}
			t.Run(fmt.Sprintf("%d/%s", nodes, f.Name), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(1, 2))
				if got := Simulate(r, topology, f, Independent(0.01, 3), rounds); got.Right != got.Rounds {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

func TestNoiseOfOneAttempt(t *testing.T) {
	t.Parallel()
	if got := Independent(0.01, 1); got.Lost != 0.01 || got.Large < 0.0098 || got.Large > 0.01 {
		t.Errorf("%+v", got)
	}
	if one, three := Packets(0.01, 1), Packets(0.01, 3); one.Lost > 0.001 || three.Lost > 1e-9 || three.Large > 1e-9 {
		t.Errorf("%+v, %+v", one, three)
	}
}

// TestDisturbIsAsOftenAsItSays counts.
func TestDisturbIsAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	topology := NewTopology(1000, 0, 8)
	n := 0
	for range 100 {
		n += len(disturb(r, topology, State{Results: map[int]Result{}}, Noise{Lost: 0.01}))
	}
	if want := 100 * topology.Paths() / 100; n < want*9/10 || n > want*11/10 {
		t.Errorf("%d paths failed, want about %d", n, want)
	}
}

// TestThresholdsAreThoseOfTheMixin verifies that the model decides by the mixin's own
// numbers.
func TestThresholdsAreThoseOfTheMixin(t *testing.T) {
	t.Parallel()
	settings, err := export.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]float64{
		"NodeRatio": nodeRatio, "NodePaths": nodePaths, "ManyNodes": manyNodes, "ManyRatio": manyRatio,
		"ManyPaths": manyPaths, "ZoneRatio": zoneRatio, "ZoneNodes": zoneNodes,
	} {
		if got := settings["connectivity"+name]; got != value {
			t.Errorf("connectivity%s is %v in the mixin, and %v in the model", name, got, value)
		}
	}
}

// TestWindowsAreThoseOfTheMixin verifies that the model waits as long as each alert.
func TestWindowsAreThoseOfTheMixin(t *testing.T) {
	t.Parallel()
	settings, err := export.ParseSettings(nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := export.Files(export.Alerts, settings)
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(files[0].Data, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	waits := map[string]time.Duration{}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			// Refused paths are no fault of the network, and not modelled; recorded
			// rules have the label of their signal, too.
			if r.Labels["signal"] == "connectivity" && r.Alert != "" && r.Alert != "KubeVitalsPathsRefused" {
				waits[r.Alert] = time.Duration(r.For)
			}
		}
	}
	if len(waits) != 7 {
		t.Fatalf("%d alerts: %v", len(waits), waits)
	}
	for alert, wait := range waits {
		if want := time.Duration(windows(alert)-1) * time.Minute; wait != want {
			t.Errorf("%s waits %s, the model %s", alert, wait, want)
		}
	}
}

// TestRulesAgreeWithTheModel has Prometheus evaluate the generated rules on many
// random clusters, and expects the same alerts, label by label.
func TestRulesAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	promtool := os.Getenv("KUBEVITALS_PROMTOOL")
	if promtool == "" {
		promtool = "../../bin/promtool"
	}
	if _, err := os.Stat(promtool); err != nil {
		t.Skip("needs bin/promtool, which make builds, or KUBEVITALS_PROMTOOL")
	}
	all, err := os.ReadFile("../../mixin/generated/alerts-each.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := OwnRules(all)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "cases.yaml")
	cases := RandomCases(rand.New(rand.NewPCG(5, 6)), 80)
	for name, text := range map[string][]byte{"rules.yaml": own, "cases.yaml": RuleTest("rules.yaml", cases)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(promtool, "test", "rules", file).CombinedOutput()
	if err != nil {
		t.Errorf("promtool: %v\n%.5000s", err, out)
	}
}

// TestRandomCasesAreManifold: agreement means little if nothing ever fires.
func TestRandomCasesAreManifold(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, c := range RandomCases(rand.New(rand.NewPCG(5, 6)), 80) {
		alerts := Judge(c.Topology, c.State)
		if len(alerts) == 0 {
			seen["nothing"]++
		}
		for a := range alerts {
			name, _, _ := strings.Cut(a, " ")
			seen[name]++
		}
	}
	for _, name := range []string{
		"nothing", "KubeVitalsZonesCutOff", "KubeVitalsNetworkFailing", "KubeVitalsNodeCutOff", "KubeVitalsNodeOneWay",
		"KubeVitalsNodePodNetworkCut", "KubeVitalsPathFailing", "KubeVitalsPathMTU",
	} {
		if seen[name] < 3 {
			t.Errorf("%s in %d of the cases only: %v", name, seen[name], seen)
		}
	}
}
