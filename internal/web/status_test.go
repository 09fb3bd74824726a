package web_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/web"
	"github.com/kubevitals/kubevitals/mixin"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
)

// sick is a cluster without a scheduler, with two full disks, of which one has a
// hostile name, a slow API server, and pods that cannot be read.
const sick = `
kubevitals_control_plane_leases_held{component="kube-scheduler"} 0
kubevitals_scrape_collector_success{collector="control_plane_leases"} 1
kubevitals_node_disk_pressure{node="worker-2"} 1
kubevitals_node_disk_pressure{node="<script>alert(1)</script>"} 1
kubevitals_node_disk_pressure{node="worker-3"} 0
kubevitals_apiserver_up{server="cp-1"} 1
kubevitals_apiserver_up{server="cp-2"} 0
kubevitals_source_available{source="pods",reason="forbidden"} 0
kubevitals_source_available{source="hpas",reason="starting"} 0
kubevitals_scrape_collector_success{collector="node_disk"} 1
kubevitals_scrape_collector_success{collector="apiserver"} 1
kubevitals_scrape_collector_success{collector="dns"} 1
kubevitals_dns_up{server="10.0.0.10"} 1
kubevitals_scrape_collector_success{collector="autoscaling"} 1
kubevitals_scrape_collector_success{collector="etcd"} 0
kubevitals_source_available{source="leases",reason="available"} 1
kubevitals_source_max_age_seconds{source="leases"} 60
kubevitals_source_last_success_timestamp_seconds{source="leases"} 1772600737
`

const healthy = `
kubevitals_apiserver_up{server="cp-1"} 1
kubevitals_source_available{source="pods",reason="available"} 1
kubevitals_scrape_collector_success{collector="apiserver"} 1
`

const waiting = `
kubevitals_source_available{source="nodes",reason="timeout"} 0
kubevitals_scrape_collector_success{collector="etcd"} 0
kubevitals_scrape_collector_success{collector="node_disk"} 0
`

func now() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func rules(t *testing.T) *ruleeval.Rules {
	t.Helper()
	file, err := fs.ReadFile(mixin.Files(), "generated/alerts-each.yaml")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ruleeval.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// reporting evaluates the real rules over what an exporter said 3 s ago.
func reporting(t *testing.T, text string) func(context.Context) (*livestatus.Report, error) {
	t.Helper()
	return livestatus.New(livestatus.Options{
		Gather: func(context.Context) (exporter.Families, error) { return exporter.Parse(strings.NewReader(text)) },
		Errors: knownErrors{}, Rules: rules(t), Target: map[string]string{"job": "kubevitals", "cluster": "prod"},
		Now:      func() time.Time { return now().Add(-3 * time.Second) },
		Starting: func() bool { return false },
	}).Report
}

// knownErrors knows why the source nodes cannot be read, for which the collector node_disk
// waits, and why etcd and kubelets cannot: with markup in the errors.
type knownErrors struct{}

func (knownErrors) SourceErr(string) error {
	return &health.UnavailableError{
		State: health.State{Source: "nodes", Reason: health.Timeout},
		Cause: &url.Error{Op: "Get", URL: "https://long/address", Err: errors.New("deadline <b>exceeded</b>")},
	}
}

func (k knownErrors) CollectorErr(collector string) error {
	if collector == "node_disk" {
		return k.SourceErr("nodes")
	}
	return errors.New(`no <img src="x"> there`)
}

func (knownErrors) KubeletErr(endpoint string, reason health.Reason) error {
	return fmt.Errorf("<i>%s</i>: %s", endpoint, reason)
}

func facts(labels map[string]string) sources.Facts {
	if labels["node"] == "" {
		return sources.Facts{}
	}
	return sources.Facts{
		Conditions: []sources.Fact{{Object: "Node x", Name: "DiskPressure", Value: "True", Message: `<img src="x">`, At: now().Add(-90 * time.Minute)}},
		Events:     []sources.Fact{{Object: "Pod", Name: "Evicted", Value: "3", At: now().Add(-time.Minute)}},
	}
}

func tables() []exporter.Table {
	return []exporter.Table{{Title: "Sources", Columns: []string{"source"}, Rows: []exporter.Row{{Bad: true, Cells: []string{`pods <img src="x">`}}}}}
}

func pagesOver(t *testing.T, report func(context.Context) (*livestatus.Report, error)) http.Handler {
	t.Helper()
	runbooks, err := fs.Sub(mixin.Files(), "runbooks")
	if err != nil {
		t.Fatal(err)
	}
	h, err := web.Handler(web.Options{
		Runbooks: runbooks, Summaries: map[string]string{diskPressure: "磁碟滿了。"}, Rules: rules(t), Report: report, Facts: facts,
		Definitions: collectors.Catalogue(), Version: "v1", Now: now, Tables: tables,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// inOrder fails unless the texts follow each other on the page.
func inOrder(t *testing.T, page string, texts ...string) {
	t.Helper()
	rest := page
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%q is missing, or not where it belongs, in:\n%s", text, page)
		}
		rest = after
	}
}

func TestStatusPage(t *testing.T) {
	t.Parallel()
	w := get(t, handler(t), "/?lang=en")
	if w.Code != http.StatusOK {
		t.Fatalf("status %d", w.Code)
	}
	p := parse(t, w.Body.String())
	inOrder(t, p.text.String(),
		"1 critical, 3 warning", "prod", "05:06:04 UTC", "3s ago", "oldest source: leases (30s ago)",
		"Incidents", "does not answer", "reports disk pressure",
		"Problems", "KubeVitalsSchedulerDown", "KubeVitalsAPIServerDown", "cp-2",
		diskPressure, "A node is short of disk", "worker-2", `kubevitals_node_disk_pressure{node="worker-2"}`,
		"Blind spots", "KubeVitalsSourceUnavailable", "cannot read pods: forbidden", "collector etcd", "it failed", "Not read yet:", "hpas",
		"Nothing wrong found", "This was looked for and not found:", "dns", "Not looked at", "Nothing of the kind was seen", "autoscaling", "Needs node agent", "inotify")
	for _, e := range p.elements {
		if strings.HasPrefix(e, "img") || e == "script" {
			t.Errorf("markup of the cluster reaches the page: <%s>", e)
		}
	}
}

// TestStatusPageInChinese verifies that it says how old what it shows is, too.
func TestStatusPageInChinese(t *testing.T) {
	t.Parallel()
	page := parse(t, get(t, handler(t), "/?lang=zh-TW").Body.String())
	inOrder(t, page.text.String(), "評估的告警數：", "最舊的來源：leases", "30 秒前", "目前的問題")
}

// TestStatusLeadsToRunbooks follows the links of findings: commands are filled in,
// and the evidence is beside.
func TestStatusLeadsToRunbooks(t *testing.T) {
	t.Parallel()
	h := handler(t)
	for _, lang := range []string{"en", "zh-TW"} {
		followed := 0
		for _, l := range parse(t, get(t, h, "/?lang="+lang).Body.String()).links {
			if !strings.HasPrefix(l, "runbooks/"+diskPressure+"?") {
				continue
			}
			w := get(t, h, "/"+l)
			p := parse(t, w.Body.String())
			holds := map[string]string{"en": "Firing condition met", "zh-TW": "告警條件仍成立"}[lang]
			if w.Code != http.StatusOK || !strings.Contains(p.text.String(), holds) || w.Header().Get("Content-Language") != lang {
				t.Errorf("%s: status %d in %s:\n%s", l, w.Code, w.Header().Get("Content-Language"), p.text.String())
			}
			if strings.Contains(l, "worker-2") {
				inOrder(t, p.text.String(), `kubevitals_node_disk_pressure{node="worker-2"}`, "DiskPressure", "True", map[string]string{"en": "1h30m ago", "zh-TW": "1 小時 30 分前"}[lang], `<img src="x">`, "Evicted")
				if !slices.ContainsFunc(p.commands, func(c string) bool { return strings.Contains(c, "NODE='worker-2'") }) {
					t.Error("no command carries the node")
				}
			}
			followed++
		}
		if followed != 4 { // two findings, each in the line of its incident and in full
			t.Errorf("%d links to the runbook in %s", followed, lang)
		}
	}
}
