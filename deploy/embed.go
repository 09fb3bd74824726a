// Package deploy holds the manifests of kubevitals, so that the program can hand
// them out.
package deploy

import (
	"embed"
	"io/fs"
)

//go:embed base components
var files embed.FS

// Files returns the files of this folder by their path within it, such as
// base/kustomization.yaml. They are for kustomize.
func Files() fs.FS { return files }
