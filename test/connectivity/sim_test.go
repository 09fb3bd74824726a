package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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

// TestThresholdsAreThoseOfTheMixin reads them there.
func TestThresholdsAreThoseOfTheMixin(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../mixin/config.libsonnet")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]float64{
		"NodeRatio": nodeRatio, "NodePaths": nodePaths, "ManyNodes": manyNodes, "ManyRatio": manyRatio,
		"ManyPaths": manyPaths, "ZoneRatio": zoneRatio, "ZoneNodes": zoneNodes,
	} {
		if line := fmt.Sprintf("    connectivity%s: %v,\n", name, value); !strings.Contains(string(text), line) {
			t.Errorf("config.libsonnet does not say %q", line)
		}
	}
}

// TestWindowsAreThoseOfTheMixin compares the time that each alert waits.
func TestWindowsAreThoseOfTheMixin(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../mixin/signals/connectivity.libsonnet")
	if err != nil {
		t.Fatal(err)
	}
	alerts := regexp.MustCompile(`(?s)alert: '(\w+)',.*?'for': '(\d)m'`).FindAllStringSubmatch(string(text), -1)
	if len(alerts) != 7 {
		t.Fatalf("%d alerts", len(alerts))
	}
	for _, a := range alerts {
		if want := fmt.Sprint(windows(a[1]) - 1); a[2] != want {
			t.Errorf("%s waits %s minutes, the simulation %s", a[1], a[2], want)
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
	all, err := os.ReadFile("../../mixin/generated/alerts.yaml")
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
