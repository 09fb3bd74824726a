package export

import (
	"strings"

	"github.com/kubevitals/kubevitals/deploy"
)

// chartFiles is where the chart has what it takes as it is.
const chartFiles = "files/"

// chart makes the Helm chart, with the rules and dashboards that are generated.
func chart(generated map[string][]byte) ([]File, error) {
	files, err := tree(deploy.Chart())
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		files[i].Path = strings.TrimPrefix(f.Path, "chart/")
	}
	rules, err := PrometheusRule(generated[generatedAlerts])
	if err != nil {
		return nil, err
	}
	inhibition, err := AlertmanagerConfig(generated[generatedInhibition])
	if err != nil {
		return nil, err
	}
	files = append(files,
		File{Path: chartFiles + "prometheusrule.yaml", Data: rules},
		File{Path: chartFiles + "alertmanagerconfig.yaml", Data: inhibition})
	return append(files, boards(generated, chartFiles+"dashboards/")...), nil
}
