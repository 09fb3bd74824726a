// Package deploy holds the manifests of kubevitals, so that the program can hand
// them out.
package deploy

import (
	"embed"
	"io/fs"
)

//go:embed kustomization.yaml base components
var files embed.FS

// Files returns the files of this folder by their path within it, such as
// base/deployment.yaml. They are for kustomize.
func Files() fs.FS { return files }
