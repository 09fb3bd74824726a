package faultproxy

import "strings"

// collection tells whether a path of the Kubernetes API names all objects of a
// resource: /api/v1/nodes, /apis/GROUP/VERSION/namespaces/NAMESPACE/leases.
func collection(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return false
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	return len(parts) == 1
}
