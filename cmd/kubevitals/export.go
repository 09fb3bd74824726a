package main

import (
	"fmt"

	"github.com/kubevitals/kubevitals/internal/export"
)

const exportHelp = `Hand out the rules, dashboards, runbooks and manifests that belong to this
program. No cluster and no tool of jsonnet is needed.

  alerts      rule file of Prometheus: the alerts and the recording rules they read
  rules       rule file of Prometheus: those recording rules alone, for panels where
              no alerts are evaluated; load one of the two
  inhibit-rules
              what Alertmanager is not to send while its cause fires: a part of its
              configuration, and with --out also an AlertmanagerConfig and values of
              the chart kube-prometheus-stack
  dashboards  dashboards of Grafana
  runbooks    a text for each alert
  manifests   what kubectl apply -k installs, with the alerts as a PrometheusRule and
              the dashboards as ConfigMaps
  chart       what helm install takes, with the same objects

Without --out the files are printed as one text: rules as they are, dashboards as
JSON one after the other, manifests as documents of YAML. Runbooks and the
chart need --out.

Exit codes: 0 done; 1 could not write, or a file is there and differs; 2 bad flag
or setting.`

// exportOptions are the values of the flags of export.
type exportOptions struct {
	kind, out string
	settings  []string
	force     bool
}

func (c *command) exportCommand() {
	kinds := make([]string, 0, len(export.Kinds()))
	for _, k := range export.Kinds() {
		kinds = append(kinds, string(k))
	}
	e := c.app.Command(exportName, exportHelp)
	e.Arg("kind", "What to hand out: alerts, rules, inhibit-rules, dashboards, runbooks, manifests or chart.").
		Required().HintOptions(kinds...).EnumVar(&c.export.kind, kinds...)
	e.Flag("out", "Folder to write the files into; it is made where it is missing, and nothing in it is deleted.").
		PlaceHolder("DIR").StringVar(&c.export.out)
	e.Flag("set", "Setting of the rules and dashboards to change, such as selector='job=\"vitals\"', clusterLabel=k8s_cluster, "+
		"runbookURLPattern=https://example.com/%s.md or runbookBase=https://example.com; docs/mixin-config.md lists all. Can be given several times.").
		PlaceHolder("KEY=VALUE").StringsVar(&c.export.settings)
	e.Flag("force", "Overwrite files that are there and differ, but for the kustomization.yaml that is yours to change.").
		BoolVar(&c.export.force)
}

// runExport prints or writes what was asked for, once all of it is known to be good.
func (c *command) runExport() error {
	kind := export.Kind(c.export.kind)
	settings, err := export.ParseSettings(c.export.settings)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	files, err := export.Files(kind, settings)
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("export %s: %w", kind, err)}
	}
	if c.export.out == "" {
		text, err := export.Stream(kind, files)
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("export %s: %w", kind, err)}
		}
		if _, err := c.stdout.Write(text); err != nil {
			return fmt.Errorf("export %s: %w", kind, err)
		}
		return nil
	}
	result, err := export.Write(c.export.out, files, c.export.force)
	if err != nil {
		return fmt.Errorf("export %s: %w", kind, err)
	}
	_, err = fmt.Fprintf(c.stdout, "kubevitals wrote %d files to %s; %d were there already, %d were kept as you changed them\n",
		result.Written, c.export.out, result.Unchanged, result.Kept)
	return err
}
