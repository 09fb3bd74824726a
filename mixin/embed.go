// Package mixin holds the Prometheus rules of kubevitals, their runbooks and the
// jsonnet that makes them, so that the program can hand them out.
package mixin

import (
	"embed"
	"io/fs"
)

//go:embed *.libsonnet generate.jsonnet signals generated runbooks summaries.zh-TW.yaml
var files embed.FS

// Files returns the files of this folder by their path within it, such as
// generated/alerts.yaml, runbooks/KubeVitalsDown.md and config.libsonnet.
func Files() fs.FS { return files }
