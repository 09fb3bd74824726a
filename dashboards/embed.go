// Package dashboards holds the Grafana dashboards of kubevitals and the jsonnet
// that arranges them, so that the program can hand them out.
package dashboards

import (
	"embed"
	"io/fs"
)

//go:embed *.libsonnet generated
var files embed.FS

// Files returns the files of this folder by their path within it, such as
// generated/kubevitals-overview.json and grafana.libsonnet.
func Files() fs.FS { return files }
