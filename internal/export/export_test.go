package export_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/internal/export"
	"github.com/kubevitals/kubevitals/mixin"
)

func files(t *testing.T, kind export.Kind, set ...string) []export.File {
	t.Helper()
	settings, err := export.ParseSettings(set)
	if err != nil {
		t.Fatal(err)
	}
	list, err := export.Files(kind, settings)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWithoutSettingsTheGeneratedFilesComeOut(t *testing.T) {
	t.Parallel()
	want, err := fs.ReadFile(mixin.Files(), "generated/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, export.Alerts); len(got) != 1 || !bytes.Equal(got[0].Data, want) {
		t.Error("the alerts are not those of mixin/generated/alerts.yaml")
	}
	books, _ := fs.Glob(mixin.Files(), "runbooks/*.md")
	chinese, _ := fs.Glob(mixin.Files(), "runbooks/zh-TW/*.md")
	if len(books) == 0 || len(chinese) != len(books) {
		t.Errorf("%d runbooks, %d in Chinese", len(books), len(chinese))
	}
	if got := len(files(t, export.Runbooks)); got < len(books)+len(chinese) {
		t.Errorf("%d files of runbooks, want at least %d", got, len(books)+len(chinese))
	}
	for _, kind := range export.Kinds() {
		if len(files(t, kind)) == 0 {
			t.Errorf("%s: no files", kind)
		}
	}
}

// TestSettingOfADefaultChangesNothing evaluates the mixin itself; the manifests
// hold alerts and dashboards, too.
func TestSettingOfADefaultChangesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []export.Kind{export.Manifests} {
		plain, evaluated := files(t, kind), files(t, kind, "clusterLabel=cluster")
		if len(plain) != len(evaluated) {
			t.Fatalf("%s: %d files, and %d when evaluated", kind, len(plain), len(evaluated))
		}
		for i, f := range plain {
			if f.Path != evaluated[i].Path || !bytes.Equal(bytes.TrimSpace(f.Data), bytes.TrimSpace(evaluated[i].Data)) {
				t.Errorf("%s: %s differs when evaluated", kind, f.Path)
			}
		}
	}
}

// TestSettingsReachEveryRule checks selector, cluster label and runbook address.
func TestSettingsReachEveryRule(t *testing.T) {
	t.Parallel()
	text := files(t, export.Alerts, `selector=job="vitals"`, "clusterLabel=k8s_cluster", "runbookBase=https://books.example.com/r")[0].Data
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	alerts := 0
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if strings.Contains(r.Expr, `job="kubevitals"`) {
				t.Errorf("%s%s: the old selector in %s", r.Alert, r.Record, r.Expr)
			}
			checkGrouping(t, r)
			if r.Alert == "" {
				continue
			}
			alerts++
			if !strings.HasPrefix(r.Annotations["runbook_url"], "https://books.example.com/r/"+r.Alert) {
				t.Errorf("%s: runbook %s", r.Alert, r.Annotations["runbook_url"])
			}
			if strings.Contains(r.Annotations["description"]+r.Annotations["dashboard_url"], "$labels.cluster ") {
				t.Errorf("%s: an annotation has the old cluster label", r.Alert)
			}
		}
	}
	if alerts < 100 {
		t.Errorf("only %d alerts", alerts)
	}
	for _, f := range files(t, export.Dashboards, "clusterLabel=k8s_cluster", `selector=job="vitals"`) {
		if bytes.Contains(f.Data, []byte(`job=\"kubevitals\"`)) || bytes.Contains(f.Data, []byte(`{cluster=`)) || bytes.Contains(f.Data, []byte(`, cluster=`)) {
			t.Errorf("%s: the old selector or cluster label", f.Path)
		}
	}
}

func checkGrouping(t *testing.T, r rulefmt.Rule) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
	if err != nil {
		t.Fatal(err)
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		var names []string
		switch n := n.(type) {
		case *parser.AggregateExpr:
			names = n.Grouping
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names = n.VectorMatching.MatchingLabels
			}
		}
		for _, name := range names {
			if name == "cluster" {
				t.Errorf("%s%s: groups by the old cluster label in %s", r.Alert, r.Record, r.Expr)
			}
		}
		return nil
	})
}

// TestDisabledSignalLeavesNothingBehind verifies that an area without signals has no
// dashboard, and that kustomize is not told of one; Stream reads what it is told of.
func TestDisabledSignalLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	list := files(t, export.Manifests, "disabledSignals=dns,connectivity", "disabledAlerts=KubeVitalsDown",
		"alertFor.KubeVitalsTargetMissing=7m", "alertFor.KubeVitalsCollectorFailing=9m")
	text, err := export.Stream(export.Manifests, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"kubevitals-dns.json", "alert: KubeVitalsDNSDown", "record: kubevitals:connectivity", "alert: KubeVitalsDown\n"} {
		if bytes.Contains(text, []byte(gone)) {
			t.Errorf("the manifests still hold %q", gone)
		}
	}
	for _, kept := range []string{"kubevitals-nodes.json", "alert: KubeVitalsTargetMissing", "for: 7m", "for: 9m"} {
		if !bytes.Contains(text, []byte(kept)) {
			t.Errorf("the manifests lack %q", kept)
		}
	}
}

func TestBadSettingsGetOneClearLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ set, says string }{
		{"selector", "selector"},
		{"clusterlabel=a", "clusterLabel"},
		{"conntrackRatio=much", "conntrackRatio"},
		{"showMultiCluster=perhaps", "showMultiCluster"},
		{"selector=job=", "selector"},
		{"selector.job=x", "no such setting"},
		{"disabledSignals=nothing", "there is no nothing"},
		{"disabledAlerts=KubeVitalsNothing", "there is no KubeVitalsNothing"},
		{"alertFor.KubeVitalsNothing=10m", "there is no KubeVitalsNothing"},
		{"alertFor.KubeVitalsDown=soon", "duration"},
		{"alertFor=10m", "alertFor.NAME=VALUE"},
	} {
		settings, err := export.ParseSettings([]string{test.set})
		if err == nil {
			_, err = export.Files(export.Alerts, settings)
		}
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("--set %s: %v; want one line that names %s", test.set, err, test.says)
		}
	}
}

func TestWriteKeepsWhatDiffers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	list := []export.File{{Path: "a/b.yaml", Data: []byte("x: 1\n")}}
	for i, want := range []export.Result{{Written: 1}, {Unchanged: 1}} {
		if got, err := export.Write(dir, list, false); err != nil || got != want {
			t.Errorf("write %d: %+v, %v; want %+v", i+1, got, err, want)
		}
	}
	name := filepath.Join(dir, "a/b.yaml")
	if err := os.WriteFile(name, []byte("x: 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Write(dir, list, false); err == nil || !strings.Contains(err.Error(), "b.yaml") {
		t.Errorf("a changed file was overwritten or not named: %v", err)
	}
	if text, _ := os.ReadFile(name); string(text) != "x: 2\n" {
		t.Errorf("the file now holds %q", text)
	}
	if got, err := export.Write(dir, list, true); err != nil || got.Written != 1 {
		t.Errorf("by force: %+v, %v", got, err)
	}
}

// TestInhibitRules verifies that the three forms say the same, of the cluster label that
// is set, and that an alert which is disabled silences nothing.
func TestInhibitRules(t *testing.T) {
	t.Parallel()
	type rule struct {
		Source []string `json:"source_matchers"`
		Target []string `json:"target_matchers"`
		Equal  []string `json:"equal"`
	}
	var plain struct {
		Rules []rule `json:"inhibit_rules"`
	}
	var values struct {
		Alertmanager struct {
			Config struct {
				Rules []rule `json:"inhibit_rules"`
			}
		}
	}
	var object struct {
		Spec struct {
			InhibitRules []struct {
				SourceMatch, TargetMatch []struct{ Name, Value, MatchType string }
				Equal                    []string
			}
		}
	}
	list := files(t, export.InhibitRules, "clusterLabel=k8s_cluster", "disabledAlerts=[\"KubeVitalsNodeNotReady\"]")
	for i, into := range []any{&plain, &object, &values} {
		if err := yaml.Unmarshal(list[i].Data, into); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Contains(list[0].Data, []byte("group_by: [k8s_cluster, alertname]")) {
		t.Errorf("no route of the cluster label in:\n%.200s", list[0].Data)
	}
	if len(plain.Rules) < 50 || len(object.Spec.InhibitRules) != len(plain.Rules) || !reflect.DeepEqual(values.Alertmanager.Config.Rules, plain.Rules) {
		t.Fatalf("%d rules, %d of the operator, %d in values", len(plain.Rules), len(object.Spec.InhibitRules), len(values.Alertmanager.Config.Rules))
	}
	for i, r := range plain.Rules {
		o := object.Spec.InhibitRules[i]
		for j, m := range o.SourceMatch {
			if written := m.Name + m.MatchType + `"` + m.Value + `"`; written != r.Source[j] {
				t.Errorf("the operator's source %s, want %s", written, r.Source[j])
			}
		}
		for j, m := range o.TargetMatch {
			if written := m.Name + m.MatchType + `"` + m.Value + `"`; written != r.Target[j] {
				t.Errorf("the operator's target %s, want %s", written, r.Target[j])
			}
		}
		if r.Equal[0] != "k8s_cluster" || !reflect.DeepEqual(o.Equal, r.Equal) {
			t.Errorf("equal %v and %v", r.Equal, o.Equal)
		}
	}
	if bytes.Contains(list[0].Data, []byte("KubeVitalsNodeNotReady")) {
		t.Error("an alert that is disabled silences others")
	}
}
