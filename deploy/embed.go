// Package deploy holds the manifests and the Helm chart of kubevitals, so that the
// program can hand them out.
package deploy

import (
	"embed"
	"io/fs"
)

//go:embed kustomization.yaml base components
var files embed.FS

// The rules and dashboards of the chart are left out: the program makes them of those
// that it has anyway.
//
//go:embed chart/Chart.yaml chart/README.md chart/.helmignore chart/values.yaml chart/values.schema.json all:chart/templates chart/files/rbac
var chart embed.FS

// Files returns the files of this folder by their path within it, such as
// base/deployment.yaml. They are for kustomize.
func Files() fs.FS { return files }

// Chart returns the files of the Helm chart by their path, such as chart/Chart.yaml,
// without rules and dashboards.
func Chart() fs.FS { return chart }
