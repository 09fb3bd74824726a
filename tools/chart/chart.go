// Package chart renders the Helm chart of kubevitals with Helm's own library.
package chart

import (
	"fmt"
	"path"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// Case is one way to install the chart.
type Case struct {
	// Name is of letters and dashes.
	Name string
	// Namespace is that of the release, kubevitals where it is empty.
	Namespace string
	// Operator tells that the cluster has the kinds of the Prometheus Operator.
	Operator bool
	// Values are YAML, as in a file for --values.
	Values string
}

// operatorKinds are what Helm knows of a cluster with the Prometheus Operator.
var operatorKinds = []string{
	"monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule",
	"monitoring.coreos.com/v1alpha1", "monitoring.coreos.com/v1alpha1/AlertmanagerConfig",
}

// Load reads the chart from its folder.
func Load(folder string) (*helmchart.Chart, error) {
	c, err := loader.Load(folder)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", folder, err)
	}
	return c, nil
}

// values are what templates see: those given over those of the chart, which the schema
// has passed, the release and the cluster.
func (c Case) values(of *helmchart.Chart) (chartutil.Values, error) {
	var given map[string]any
	if err := yaml.UnmarshalStrict([]byte(c.Values), &given); err != nil {
		return nil, err
	}
	cluster := chartutil.DefaultCapabilities.Copy()
	if c.Operator {
		cluster.APIVersions = append(slices.Clone(cluster.APIVersions), operatorKinds...)
	}
	if c.Namespace == "" {
		c.Namespace = "kubevitals"
	}
	return chartutil.ToRenderValues(of, given, chartutil.ReleaseOptions{Name: "vitals", Namespace: c.Namespace, Revision: 1, IsInstall: true}, cluster)
}

// Render returns the objects of a case as documents of YAML, and the notes. An error is
// of the values, or of a template.
func (c Case) Render(of *helmchart.Chart) (documents []string, notes string, err error) {
	values, err := c.values(of)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", c.Name, err)
	}
	files, err := engine.Render(of, values)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", c.Name, err)
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch path.Ext(name) {
		case ".txt":
			notes = files[name]
		case ".yaml":
			documents = append(documents, split(files[name])...)
		}
	}
	return documents, notes, nil
}

// split makes documents of a text, without those that hold nothing but comments.
func split(text string) []string {
	var all []string
	for document := range strings.SplitSeq("\n"+text, "\n---") {
		for line := range strings.Lines(document) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				all = append(all, strings.TrimLeft(document, "\n"))
				break
			}
		}
	}
	return all
}
