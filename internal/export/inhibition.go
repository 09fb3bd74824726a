package export

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// inhibitRule is one of Alertmanager's inhibit_rules.
type inhibitRule struct {
	Source []string `json:"source_matchers"`
	Target []string `json:"target_matchers"`
	Equal  []string `json:"equal"`
}

// route says what the rules are made for: one notification for each alert of a cluster.
// A group by node or namespace would tell of each object apart.
const route = "# Under route: group_by: [%[1]s, alertname]\n" +
	"# Every alert must bear the label %[1]s, by external_labels of its Prometheus, unless this\n" +
	"# Alertmanager is of one cluster alone: without it the outage of one silences all others.\n"

// operatorForm is the place of the AlertmanagerConfig among the files of InhibitRules.
const operatorForm = 1

// inhibition makes the files of InhibitRules from the generated ones. The first, which is
// printed without --out, is a part of Alertmanager's own configuration.
func inhibition(generated []byte) ([]File, error) {
	var file struct {
		Rules []inhibitRule `json:"inhibit_rules"`
	}
	if err := yaml.UnmarshalStrict(generated, &file); err != nil {
		return nil, fmt.Errorf("inhibit rules of the mixin: %w", err)
	}
	if len(file.Rules) == 0 {
		return nil, fmt.Errorf("there are no inhibit rules: no alert that is left explains another")
	}
	operator, err := alertmanagerConfig(file.Rules)
	if err != nil {
		return nil, err
	}
	values, err := yaml.Marshal(map[string]any{"alertmanager": map[string]any{"config": map[string]any{"inhibit_rules": file.Rules}}})
	if err != nil {
		return nil, err
	}
	plain, err := yaml.Marshal(file)
	if err != nil {
		return nil, err
	}
	about := func(words string, text []byte) []byte {
		return append(fmt.Appendf([]byte(words), route, file.Rules[0].Equal[0]), text...)
	}
	return []File{
		{Path: "kubevitals-inhibit-rules.yaml", Data: about("# A part of the configuration of Alertmanager.\n", plain)},
		{Path: "alertmanagerconfig.yaml", Data: about("# The operator lets it silence alerts of its own namespace only, unless\n# alertmanagerConfigMatcherStrategy of the Alertmanager is None.\n", operator)},
		{Path: "kube-prometheus-stack-values.yaml", Data: about("# Values of the chart kube-prometheus-stack. A list of Helm replaces the one of the\n# chart: add these rules to it to keep those that it has.\n", values)},
	}, nil
}

// AlertmanagerConfig makes an object of the Prometheus Operator of generated inhibit rules.
func AlertmanagerConfig(generated []byte) ([]byte, error) {
	files, err := inhibition(generated)
	if err != nil {
		return nil, err
	}
	return files[operatorForm].Data, nil
}

// alertmanagerConfig makes an object of the Prometheus Operator of rules.
func alertmanagerConfig(rules []inhibitRule) ([]byte, error) {
	type matcher struct {
		Name      string `json:"name"`
		Value     string `json:"value"`
		MatchType string `json:"matchType"`
	}
	matchers := func(all []string) ([]matcher, error) {
		var made []matcher
		for _, text := range all {
			name, value, ok := strings.Cut(text, "=")
			how := "="
			if quoted, isRegexp := strings.CutPrefix(value, "~"); isRegexp {
				how, value = "=~", quoted
			}
			if !ok || len(value) < 2 {
				return nil, fmt.Errorf("inhibit rules of the mixin: matcher %s", text)
			}
			made = append(made, matcher{Name: name, Value: value[1 : len(value)-1], MatchType: how})
		}
		return made, nil
	}
	var made []map[string]any
	for _, r := range rules {
		source, err := matchers(r.Source)
		if err != nil {
			return nil, err
		}
		target, err := matchers(r.Target)
		if err != nil {
			return nil, err
		}
		made = append(made, map[string]any{"sourceMatch": source, "targetMatch": target, "equal": r.Equal})
	}
	return yaml.Marshal(map[string]any{
		"apiVersion": "monitoring.coreos.com/v1alpha1", "kind": "AlertmanagerConfig",
		"metadata": map[string]any{"name": "kubevitals", "namespace": "kubevitals", "labels": map[string]any{"app.kubernetes.io/name": "kubevitals"}},
		"spec":     map[string]any{"inhibitRules": made},
	})
}
