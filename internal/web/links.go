package web

import (
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/mixin"
)

// Elsewhere are the addresses of other programs that the pages link to, each a URL without a
// query; empty ones are not linked to.
type Elsewhere struct{ Grafana, Prometheus, Alertmanager string }

// Check returns an error that names what is no address that a browser can open.
func (e Elsewhere) Check() error {
	for name, text := range map[string]string{"grafana": e.Grafana, "prometheus": e.Prometheus, "alertmanager": e.Alertmanager} {
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(text, "?#") || u.User != nil {
			return fmt.Errorf("--web.%s-url=%s: is no address such as https://%s.example.com", name, text, name)
		}
	}
	return nil
}

// dashboards are the paths of the dashboards in a Grafana, by alert, as the rules name them.
func (e Elsewhere) dashboards() (map[string]string, error) {
	paths := map[string]string{}
	if e.Grafana == "" {
		return paths, nil
	}
	text, err := fs.ReadFile(mixin.Files(), "generated/alerts-each.yaml")
	if err != nil {
		return nil, fmt.Errorf("dashboards of the alerts: %w", err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Annotations struct {
					Dashboard string `yaml:"dashboard_url"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("dashboards of the alerts: %w", err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			paths[r.Alert], _, _ = strings.Cut(r.Annotations.Dashboard, "?")
		}
	}
	return paths, nil
}

// elsewhere are the links of a finding to other programs: its dashboard, its series over
// time, and a new silence of it.
func (s *server) elsewhere(f ruleeval.Finding, words map[string]string) (links []link) {
	if s.Elsewhere.Grafana != "" && s.dashboards[f.Alert] != "" {
		q := url.Values{}
		for _, name := range []string{"cluster", "node", "namespace"} {
			if f.Labels[name] != "" {
				q.Set("var-"+name, f.Labels[name])
			}
		}
		links = append(links, link{words["dashboard"], strings.TrimSuffix(s.Elsewhere.Grafana, "/") + s.dashboards[f.Alert] + "?" + q.Encode()})
	}
	if s.Elsewhere.Prometheus != "" && len(f.Evidence) > 0 {
		q := url.Values{"g0.expr": {f.Evidence[0].Series}, "g0.tab": {"0"}, "g0.range_input": {"6h"}}
		links = append(links, link{words["inPrometheus"], strings.TrimSuffix(s.Elsewhere.Prometheus, "/") + "/graph?" + q.Encode()})
	}
	if s.Elsewhere.Alertmanager != "" {
		matchers := "{" + strings.Join(matchersOf(f), ",") + "}"
		links = append(links, link{words["silence"], strings.TrimSuffix(s.Elsewhere.Alertmanager, "/") + "/#/silences/new?filter=" + strings.ReplaceAll(url.QueryEscape(matchers), "+", "%20")}) // behind a # a plus is no space
	}
	return links
}

// matchersOf select the alert of a finding, by its labels but those that its target gives
// it and that may be others in Prometheus.
func matchersOf(f ruleeval.Finding) []string {
	matchers := []string{"alertname=" + strconv.Quote(f.Alert)}
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		if value := f.Labels[name]; value != "" && !slices.Contains([]string{"alertname", "job", "instance", "severity", "signal"}, name) {
			matchers = append(matchers, name+"="+strconv.Quote(value))
		}
	}
	return matchers
}
