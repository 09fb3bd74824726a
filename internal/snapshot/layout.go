package snapshot

import (
	"encoding/json"
	"path"
	"strings"
)

// role says what a file of a snapshot is for.
type role int

const (
	ofObjects role = iota // perhaps
	ofNone
	ofManifest
	ofKubelet
	ofAPIServer
	ofSamples
	ofEtcd
	ofTimestamp
)

// place is where in a snapshot a file lies.
type place struct {
	role role
	// owner is the node, API server or collector.
	owner string
	// path is what the owner was asked for; of samples it is the scrape, 1 or 2, and of
	// what etcdctl said the name of the file.
	path string
}

// manifestName is the file that makes a folder a snapshot.
const manifestName = "kubevitals-snapshot.json"

// kubeletFiles are the files of a node in the folder nodes/NODE, with the paths
// that they are the answers to.
func kubeletFiles() map[string]string {
	return map[string]string{"metrics": "/metrics", "stats-summary.json": "/stats/summary", "configz.json": "/configz"}
}

// placeOf reads the path of a file, without a suffix for its compression.
func placeOf(name string) place {
	parts := strings.Split(name, "/")
	base := parts[len(parts)-1]
	folder := func(n int) string {
		if len(parts) <= n {
			return ""
		}
		return parts[len(parts)-1-n]
	}
	switch {
	case base == manifestName:
		return place{role: ofManifest}
	case base == resultName && len(parts) == 1: // what was said of it
		return place{role: ofNone}
	case folder(2) == "nodes" && kubeletFiles()[base] != "":
		return place{ofKubelet, folder(1), kubeletFiles()[base]}
	case folder(2) == "hosts" && base == "configz.json": // Sonobuoy
		return place{ofKubelet, folder(1), "/configz"}
	case folder(1) == "etcd_info" && isEtcdInfo(base): // must-gather has the answers of etcdctl there
		return place{role: ofEtcd, path: base}
	case folder(1) == "etcd_info":
		return place{role: ofNone}
	case base == "timestamp": // of must-gather and oc adm inspect
		return place{role: ofTimestamp}
	case folder(2) == "apiservers" && base == "metrics":
		return place{ofAPIServer, folder(1), "/metrics"}
	case folder(1) == "node-metrics" && path.Ext(base) == ".json":
		// Support bundles have the statistics of nodes there.
		return place{ofKubelet, strings.TrimSuffix(base, ".json"), "/stats/summary"}
	case folder(1) == "samples" && path.Ext(base) == ".prom":
		collector, scrape, _ := strings.Cut(strings.TrimSuffix(base, ".prom"), ".")
		return place{ofSamples, collector, scrape}
	case strings.HasSuffix(base, "-errors.json"), path.Ext(base) == ".log", base == "logs.txt", strings.HasPrefix(base, "."):
		return place{role: ofNone}
	}
	return place{role: ofObjects}
}

// hint is what the path of a file says of the objects in it.
type hint struct {
	kind
	namespace string
}

// hintOf knows four layouts: NAMESPACE/pods.json (kubectl cluster-info dump),
// pods/NAMESPACE.json (support bundles), namespaces/NAMESPACE/GROUP/pods.yaml
// (oc adm inspect) and NAMESPACE/GROUP_VERSION_pods.json (Sonobuoy).
func (r *reader) hintOf(name string) hint {
	parts := strings.Split(strings.TrimSuffix(name, path.Ext(name)), "/")
	base, parent := parts[len(parts)-1], ""
	if n := len(parts); n > 3 && parts[n-4] == "namespaces" {
		if k := r.kindOfPlural(base); k.known() && k.row.Namespaced {
			return hint{k, parts[n-3]}
		}
		return hint{}
	}
	if k := r.kindOfVersioned(base); k.known() {
		if !k.row.Namespaced || len(parts) < 2 {
			return hint{k, ""}
		}
		return hint{k, parts[len(parts)-2]}
	}
	if len(parts) > 1 {
		parent = parts[len(parts)-2]
	}
	if k := r.kindOfPlural(parent); k.known() && k.row.Namespaced {
		return hint{k, base}
	}
	k := r.kindOfPlural(base)
	if !k.known() || !k.row.Namespaced || parent == "cluster-resources" {
		parent = ""
	}
	return hint{k, parent}
}

// versionIn takes the version of the API servers from what kubectl version and
// support bundles write.
func (r *reader) versionIn(fields map[string]json.RawMessage) {
	for _, name := range []string{"serverVersion", "info"} {
		var info struct {
			GitVersion string `json:"gitVersion"`
		}
		if err := json.Unmarshal(fields[name], &info); err == nil && info.GitVersion != "" {
			r.snapshot.Version = info.GitVersion
		}
	}
}
