package mixin_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/collectors"
)

// load reads the mixin as it is shipped, and what the exporter declares.
func load(t *testing.T) Pack {
	t.Helper()
	p := Pack{
		Runbooks: map[string]string{}, Declared: map[string][]string{}, OfNode: map[string]bool{}, OfBoth: map[string]bool{},
		ClusterLabel: "cluster", Selector: `job="kubevitals"`, NodeSelector: `job="kubevitals-node"`,
		RunbookPattern: "https://github.com/kubevitals/kubevitals/blob/main/mixin/runbooks/%s.md",
	}
	if err := json.Unmarshal([]byte(read(t, "generated/foreign.json")), &p.Foreign); err != nil {
		t.Fatal(err)
	}
	p.Alerts, p.Records = loadRules(t)
	p.Dashboards = loadDashboards(t)
	for _, file := range files(t, "runbooks/*.md") {
		p.Runbooks[base(file)] = read(t, file)
	}
	for _, file := range files(t, "tests/*.yaml") {
		p.TestFiles = append(p.TestFiles, base(file))
		p.Tests = append(p.Tests, loadTests(t, file)...)
	}
	for _, file := range files(t, "signals/*.libsonnet") {
		p.SignalFiles = append(p.SignalFiles, base(file))
	}
	for _, d := range collectors.Catalogue() {
		p.Collectors = append(p.Collectors, d.Name)
		for _, m := range d.Metrics {
			p.Declared[m.Name] = m.Labels
			p.OfNode[m.Name] = d.Scope == collectors.Node
		}
	}
	for _, m := range collectors.SelfMetrics() {
		p.Declared[m.Name] = m.Labels
		p.OfBoth[m.Name] = true
	}
	p.Texts = map[string]string{}
	for _, pattern := range []string{"signals/*.libsonnet", "tests/*.yaml", "../collectors/*.go"} {
		for _, file := range files(t, pattern) {
			p.Texts[file] = read(t, file)
		}
	}
	p.Config = loadConfig(t)
	p.Free = freePlaceholders()
	return p
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return list
}

func base(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func loadRules(t *testing.T) (alerts, records []Alert) {
	t.Helper()
	// Forms for many are made of these, which forms_test.go verifies.
	const file = "generated/alerts-each.yaml"
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	for _, err := range errs {
		t.Error(err)
	}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if r.Record != "" {
				records = append(records, Alert{Name: r.Record, Expr: r.Expr, Labels: r.Labels})
				continue
			}
			alerts = append(alerts, Alert{
				Name: r.Alert, Expr: r.Expr, For: r.For.String(), Labels: r.Labels, Annotations: r.Annotations,
			})
		}
	}
	return alerts, records
}

func loadTests(t *testing.T, file string) []RuleTest {
	t.Helper()
	var content struct {
		Tests []struct {
			AlertRuleTest []struct {
				EvalTime  string `json:"eval_time"`
				Alertname string
				ExpAlerts []struct {
					ExpLabels      map[string]string `json:"exp_labels"`
					ExpAnnotations map[string]string `json:"exp_annotations"`
				} `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, file)), &content); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var tests []RuleTest
	for _, group := range content.Tests {
		if len(group.AlertRuleTest) == 0 {
			t.Errorf("%s: a test that asserts nothing", file)
		}
		for _, r := range group.AlertRuleTest {
			test := RuleTest{File: filepath.Base(file), Alert: r.Alertname, EvalTime: r.EvalTime, Fires: len(r.ExpAlerts) > 0}
			if test.Fires {
				test.Labels = map[string]string{}
				for _, a := range r.ExpAlerts {
					maps.Copy(test.Labels, a.ExpLabels)
				}
				test.Annotations = r.ExpAlerts[0].ExpAnnotations
			}
			tests = append(tests, test)
		}
	}
	return tests
}

// freePlaceholders are what no label tells, so that a reader must find it out with
// the commands before, or choose one of several.
func freePlaceholders() map[string][]string {
	return map[string][]string{
		"KubeVitalsContainerRuntimeUnreadable": {"node"},
		"KubeVitalsDNSDown":                    {"another node"},
		"KubeVitalsEtcdNoLeader":               {"address of another member"},
		"KubeVitalsEtcdWentBack":               {"node"},
		"KubeVitalsInotifyExhausted":           {"pid"},
		"KubeVitalsKubeProxySyncStuck":         {"the node of the instance"},
		"KubeVitalsNetworkFailing":             {"address of a node that is the cause"},
		"KubeVitalsNodeAgentCollectorFailing":  {"node"},
		"KubeVitalsNodeAgentSourceUnavailable": {"node"},
		"KubeVitalsNodeAgentSourceStale":       {"node"},
		"KubeVitalsNodeAgentsDown":             {"node"},
		"KubeVitalsNodeOneWay":                 {"address of another node"},
		"KubeVitalsNodesWithoutAgent":          {"node"},
		"KubeVitalsPathMTU":                    {"address of the peer"},
		"KubeVitalsPathsRefused":               {"peer"},
		"KubeVitalsPodDNSConfigTruncated":      {"node"},
		"KubeVitalsPodImagesFailing":           {"image"},
		"KubeVitalsPodSetupFailing":            {"namespace", "pod", "container"},
		"KubeVitalsPodInitSlow":                {"namespace", "pod", "container"},
		"KubeVitalsPodsHeldByFinalizer":        {"namespace", "pod"},
		"KubeVitalsUpdateConflicts":            {"namespace", "horizontalpodautoscaler"},
	}
}

// setting is one line of config.libsonnet and the comment above it.
type setting struct{ name, value, reason string }

var settingLine = regexp.MustCompile(`^      ([a-zA-Z]+): (.*),$`)

func settings(t *testing.T) []setting {
	t.Helper()
	var all []setting
	reason := ""
	for line := range strings.Lines(read(t, "config.libsonnet")) {
		line = strings.TrimRight(line, "\n")
		if comment, ok := strings.CutPrefix(line, "      // "); ok {
			reason = strings.TrimSpace(reason + " " + comment)
			continue
		}
		if m := settingLine.FindStringSubmatch(line); m != nil {
			all = append(all, setting{m[1], m[2], reason})
		}
		reason = ""
	}
	return all
}

// loadConfig tells of each setting whether any other part of the mixin reads it.
func loadConfig(t *testing.T) map[string]bool {
	t.Helper()
	var sources strings.Builder
	for _, pattern := range []string{"*.libsonnet", "signals/*.libsonnet", "../dashboards/*.libsonnet"} {
		for _, file := range files(t, pattern) {
			if file != "config.libsonnet" {
				sources.WriteString(read(t, file))
			}
		}
	}
	named, config := map[string]bool{}, read(t, "config.libsonnet")
	for _, m := range regexp.MustCompile(`(?:\b[ck]|settings|self)\.(\w+)|%\((\w+)\)[sg]`).FindAllStringSubmatch(sources.String(), -1) {
		named[m[1]+m[2]] = true
	}
	used := map[string]bool{}
	for _, s := range settings(t) {
		used[s.name] = named[s.name] || strings.Contains(config, "self."+s.name)
	}
	return used
}
