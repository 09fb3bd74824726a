// Package mixin holds the Prometheus rules of kubevitals, their runbooks and the
// jsonnet that makes them, so that the program can hand them out.
package mixin

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed *.libsonnet generate.jsonnet signals generated runbooks
var files embed.FS

// Files returns the files of this folder by their path within it, such as
// generated/alerts.yaml, runbooks/KubeVitalsDown.md and config.libsonnet.
func Files() fs.FS { return files }

// Runbook returns the runbook of an alert in a language, such as zh-TW; en and none are
// English. It is fs.ErrNotExist where there is none of that name.
func Runbook(language, alert string) ([]byte, error) {
	if path.Base(alert) != alert { // a path, which may lead to a runbook as well
		return nil, fs.ErrNotExist
	}
	if language == "en" {
		language = ""
	}
	return fs.ReadFile(files, path.Join("runbooks", language, alert+".md"))
}

// Summaries returns what each alert means in one sentence of a language, such as
// zh-TW: the paragraph below the title of its runbook. In English it is an annotation
// of the alert, too.
func Summaries(language string) (map[string]string, error) {
	books, err := fs.Glob(files, path.Join("runbooks", language, "*.md"))
	if err != nil {
		return nil, fmt.Errorf("runbooks in %s: %w", language, err)
	}
	summaries := map[string]string{}
	for _, book := range books {
		text, err := fs.ReadFile(files, book)
		if err != nil {
			return nil, fmt.Errorf("runbooks in %s: %w", language, err)
		}
		summaries[strings.TrimSuffix(path.Base(book), ".md")] = Summary(string(text))
	}
	return summaries, nil
}

// Summary returns the paragraph below the title of a runbook, or nothing where there
// is none.
func Summary(runbook string) string {
	_, below, _ := strings.Cut(runbook, "\n\n")
	summary, _, _ := strings.Cut(below, "\n\n")
	if strings.HasPrefix(summary, "|") || strings.HasPrefix(summary, "#") {
		return ""
	}
	return summary
}

// Descriptions returns what stands in a language, such as zh-TW, in place of the
// descriptions of alerts: by alert, in the notation of internal/diagnosis/translate. What
// several share is among them by a name of its own.
func Descriptions(language string) (map[string]string, error) {
	names, err := fs.Glob(files, path.Join("signals", language, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("descriptions in %s: %w", language, err)
	}
	all := map[string]string{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("descriptions in %s: %w", language, err)
		}
		if err := yaml.UnmarshalStrict(text, &all); err != nil {
			return nil, fmt.Errorf("descriptions in %s: %s: %w", language, path.Base(name), err)
		}
	}
	return all, nil
}
