// Package export hands out what belongs to kubevitals beside the program: the rules,
// the dashboards, the runbooks and the manifests. They are embedded as they were
// generated, and made anew where settings of the mixin are given, so that neither
// needs the tools of jsonnet.
package export

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/dashboards"
	"github.com/kubevitals/kubevitals/deploy"
	"github.com/kubevitals/kubevitals/mixin"
)

// Kind is one kind of files that can be had.
type Kind string

// The kinds.
const (
	// Alerts is a rule file of Prometheus that is complete: the groups of alerting
	// rules, and before them those of the recording rules that they read.
	Alerts Kind = "alerts"
	// Rules is a rule file of Prometheus with those recording rules alone, for
	// panels where no alerts are evaluated.
	Rules Kind = "rules"
	// InhibitRules are what Alertmanager is not to send while its cause fires, as a part
	// of its configuration, as an AlertmanagerConfig, and as values of the chart
	// kube-prometheus-stack.
	InhibitRules Kind = "inhibit-rules"
	// Dashboards are dashboards of Grafana.
	Dashboards Kind = "dashboards"
	// Runbooks are texts for people, one for each alert. No setting changes them.
	Runbooks Kind = "runbooks"
	// Manifests are what kustomize makes an installation of.
	Manifests Kind = "manifests"
	// Chart is what Helm makes an installation of.
	Chart Kind = "chart"
)

// Kinds returns all kinds, in the order in which --help names them.
func Kinds() []Kind {
	return []Kind{Alerts, Rules, InhibitRules, Dashboards, Runbooks, Manifests, Chart}
}

// File is one file of a kind.
type File struct {
	// Path is relative, with slashes.
	Path string
	Data []byte
	// Starter tells that the file is there to be changed by its owner.
	Starter bool
}

// Where the generated files are in the repository, and in the tree of manifests.
const (
	generatedAlerts     = "mixin/generated/alerts.yaml"
	generatedInhibition = "mixin/generated/inhibit-rules.yaml"
	generatedDashboards = "dashboards/generated/"
	deployedRule        = "components/prometheus-operator/prometheusrule.yaml"
	deployedDashboards  = "components/grafana-dashboards/"
	starter             = "kustomization.yaml"
)

// Files returns the files of a kind, ordered by path, after they were checked.
// Without settings they are those of the repository, byte for byte. An error is of
// the settings.
func Files(kind Kind, settings Settings) ([]File, error) {
	files, err := build(kind, settings)
	if err != nil && len(settings.values) > 0 {
		return nil, fmt.Errorf("with --set %s: %w", strings.Join(settings.names(), ", "), err)
	}
	return files, err
}

func build(kind Kind, settings Settings) ([]File, error) {
	generated, err := generate(settings)
	if err != nil {
		return nil, err
	}
	files, err := pick(kind, generated)
	if err != nil {
		return nil, err
	}
	return files, check(kind, files)
}

// pick makes the files of a kind from all that are generated.
func pick(kind Kind, generated map[string][]byte) ([]File, error) {
	switch kind {
	case Alerts:
		return []File{{Path: "kubevitals-alerts.yaml", Data: generated[generatedAlerts]}}, nil
	case Rules:
		text, err := recordingRules(generated[generatedAlerts])
		return []File{{Path: "kubevitals-rules.yaml", Data: text}}, err
	case InhibitRules:
		return inhibition(generated[generatedInhibition])
	case Dashboards:
		return boards(generated, ""), nil
	case Runbooks:
		sub, err := fs.Sub(mixin.Files(), "runbooks")
		if err != nil {
			return nil, err
		}
		return tree(sub)
	case Manifests:
		files, err := tree(deploy.Files())
		if err != nil {
			return nil, err
		}
		return adapt(files, generated)
	case Chart:
		return chart(generated)
	}
	return nil, fmt.Errorf("no kind %q", kind)
}

// boards are the dashboards among what is generated, below a folder.
func boards(generated map[string][]byte, folder string) []File {
	var files []File
	for name, text := range generated {
		if file, ok := strings.CutPrefix(name, generatedDashboards); ok {
			files = append(files, File{Path: folder + file, Data: text})
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// adapt puts rules and dashboards into the manifests, and takes out the dashboards
// of which no signal is left.
func adapt(files []File, generated map[string][]byte) ([]File, error) {
	var adapted []File
	var kept []string
	for _, f := range files {
		name, isDashboard := strings.CutPrefix(f.Path, deployedDashboards)
		switch {
		case f.Path == deployedRule:
			text, err := PrometheusRule(generated[generatedAlerts])
			if err != nil {
				return nil, err
			}
			f.Data = text
		case isDashboard && path.Ext(name) == ".json":
			text, ok := generated[generatedDashboards+name]
			if !ok {
				continue
			}
			f.Data = text
			kept = append(kept, name)
		}
		adapted = append(adapted, f)
	}
	for i, f := range adapted {
		if f.Path == deployedDashboards+starter {
			adapted[i].Data = DashboardComponent(kept)
		}
	}
	return adapted, nil
}

// tree returns all files of a file system but Go's.
func tree(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		files = append(files, File{Path: name, Data: text, Starter: name == starter})
		return err
	})
	return files, err
}

// source returns the file of the repository that is embedded under a path such as
// mixin/config.libsonnet.
func source(name string) ([]byte, error) {
	for folder, files := range map[string]fs.FS{"mixin/": mixin.Files(), "dashboards/": dashboards.Files()} {
		if rest, ok := strings.CutPrefix(name, folder); ok {
			return fs.ReadFile(files, rest)
		}
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}
