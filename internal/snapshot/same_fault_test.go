package snapshot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// The objects of one cluster with a node that has fallen silent, a pod that fits no
// node and an autoscaler that cannot read its metrics, without their heads.
func faulty() map[string]string {
	ready := func(name, status string) string {
		return fmt.Sprintf(`"metadata":{"name":%q,"creationTimestamp":"2026-01-01T00:00:00Z"},"status":{"conditions":[{"type":"Ready","status":%q,"lastHeartbeatTime":"2026-01-02T00:00:00Z","lastTransitionTime":"2026-01-02T00:00:00Z"}]}`, name, status)
	}
	return map[string]string{
		"a":    ready("a", "True"),
		"b":    ready("b", "Unknown"),
		"pod":  `"metadata":{"name":"waits","namespace":"shop","creationTimestamp":"2026-01-02T00:00:00Z"},"spec":{"containers":[]},"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","lastTransitionTime":"2026-01-02T00:00:00Z"}]}`,
		"hpa2": `"metadata":{"name":"web","namespace":"shop","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"maxReplicas":4,"metrics":[{"type":"Resource","resource":{"name":"cpu"}}]},"status":{"currentReplicas":2,"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric","message":"missing request for cpu in container c of Pod web-1"}]}`,
		"hpa1": `"metadata":{"name":"web","namespace":"shop","creationTimestamp":"2026-01-01T00:00:00Z","annotations":{"autoscaling.alpha.kubernetes.io/conditions":"[{\"type\":\"ScalingActive\",\"status\":\"False\",\"reason\":\"FailedGetResourceMetric\",\"message\":\"missing request for cpu in container c of Pod web-1\"}]"}},"spec":{"maxReplicas":4,"targetCPUUtilizationPercentage":80},"status":{"currentReplicas":2}`,
	}
}

// object writes one of them, with its kind or, as within a typed list, without.
func object(version, kind, body string) string {
	if kind == "" {
		return "{" + body + "}"
	}
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,%s}`, version, kind, body)
}

func listOf(version, kind string, items ...string) string {
	return fmt.Sprintf(`{"kind":%q,"apiVersion":%q,"metadata":{},"items":[%s]}`, kind, version, strings.Join(items, ","))
}

// folder makes files below a folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// forms writes the cluster in the form of each program that dumps clusters.
func forms() map[string]map[string]string {
	o := faulty()
	const apiService = `{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.apps.openshift.io"},"spec":{"service":{"name":"api"}}}`
	a, b, pod := object("v1", "Node", o["a"]), object("v1", "Node", o["b"]), object("v1", "Pod", o["pod"])
	hpa := object("autoscaling/v2", "HorizontalPodAutoscaler", o["hpa2"])
	hpa1 := object("autoscaling/v1", "HorizontalPodAutoscaler", o["hpa1"])
	const root = "must-gather/quay-io-release-sha256-1/"
	return map[string]map[string]string{
		"kubectl":                 {"all.json": listOf("v1", "List", a, b, pod, hpa)},
		"kubectl, autoscaling/v1": {"all.json": listOf("v1", "List", a, b, pod, hpa1)},
		"cluster-info dump": {
			"nodes.json": listOf("v1", "NodeList", object("", "", o["a"]), object("", "", o["b"])), "shop/pods.json": listOf("v1", "PodList", object("", "", o["pod"])),
			"hpa.json": listOf("v1", "List", hpa),
		},
		"support bundle": {
			"b/cluster-resources/nodes.json": listOf("v1", "NodeList", object("", "", o["a"]), object("", "", o["b"])), "b/cluster-resources/pods/shop.json": listOf("v1", "PodList", object("", "", o["pod"])),
			"b/hpa.json": listOf("v1", "List", hpa),
		},
		"must-gather": {
			root + "cluster-scoped-resources/core/nodes/a.yaml": a, root + "cluster-scoped-resources/core/nodes/b.yaml": b,
			root + "cluster-scoped-resources/core/namespaces/shop.yaml":                                    `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`,
			root + "cluster-scoped-resources/core/namespaces/default.yaml":                                 `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default"}}`,
			root + "cluster-scoped-resources/apiregistration.k8s.io/apiservices/v1.apps.openshift.io.yaml": apiService,
			root + "namespaces/shop/core/pods.yaml":                                                        "---\napiVersion: v1\nitems:\n- " + object("", "", o["pod"]) + "\nkind: PodList\nmetadata: {}\n",
			root + "namespaces/shop/core/events.yaml":                                                      "---\napiVersion: v1\nitems: []\nkind: EventList\nmetadata: {}\n",
			root + "namespaces/default/core/pods.yaml":                                                     "---\napiVersion: v1\nitems: []\nkind: PodList\nmetadata: {}\n",
			root + "namespaces/shop/autoscaling/horizontalpodautoscalers.yaml":                             listOf("autoscaling/v2", "HorizontalPodAutoscalerList", object("", "", o["hpa2"])),
			root + "etcd_info/endpoint_status.json":                                                        `[{"Endpoint":"https://192.0.2.1:2379","Status":{"dbSize":1}}]`,
			root + "namespaces/shop/pods/waits/c/c/logs/current.log":                                       "{not json",
		},
		"Sonobuoy": {
			"resources/cluster/core_v1_nodes.json": "[" + object("", "", o["a"]) + "," + object("", "", o["b"]) + "]", "resources/ns/shop/core_v1_pods.json": "[" + object("", "", o["pod"]) + "]",
			"resources/ns/shop/autoscaling_v1_horizontalpodautoscalers.json": "[" + object("", "", o["hpa1"]) + "]",
			"hosts/a/configz.json": `{"kubeletconfig":{"cgroupDriver":"systemd"}}`,
		},
	}
}

// theFault is what must be told of the cluster of faulty.
func theFault() map[string]float64 {
	return map[string]float64{
		"kubevitals_node_readiness_ready{node=a}":                  1,
		"kubevitals_node_readiness_not_ready{cause=silent,node=b}": 1,
		"kubevitals_pending_pods_pods{node=,reason=unschedulable}": 1,
		"kubevitals_autoscaling_metrics_available{cause=no_requests,horizontalpodautoscaler=web,namespace=shop,reason=FailedGetResourceMetric}": 0,
	}
}

// TestSameFaultInEachForm verifies that dumps of the same fault give the same answer,
// whatever program took them.
func TestSameFaultInEachForm(t *testing.T) {
	t.Parallel()
	want := theFault()
	want["kubevitals_source_available{reason=not_found,source=apiservices}"] = 0
	for name, files := range forms() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, files)
			var kubelets []string // which are read after the nodes, and so are waited for
			if name == "Sonobuoy" {
				kubelets = append(kubelets, "kubevitals_kubelet_available{endpoint=configz,node=a,reason=available}")
			}
			for _, path := range []string{dir, archive(t, dir)} {
				got, _, d := replay(t, path, kubelets...)
				for _, sample := range kubelets {
					if got[sample] != 1 {
						t.Errorf("%s: the configuration of a kubelet is not read", path)
					}
				}
				for sample, value := range want {
					if have, ok := got[sample]; !ok || have != value {
						t.Errorf("%s: %s is %v (there: %t), want %v", path, sample, have, ok, value)
					}
				}
				for sample := range got {
					if strings.HasPrefix(sample, "kubevitals_metrics_api_registered") {
						t.Errorf("%s: tells %s of a part of the APIServices", path, sample)
					}
				}
				for _, warning := range d.Warnings {
					if strings.Contains(warning, "core") || strings.Contains(warning, "etcd_info") || strings.Contains(warning, "current.log") {
						t.Errorf("%s: %s", path, warning)
					}
				}
			}
		})
	}
}

// TestOneFileLost verifies that a file that cannot be read costs what is in it, with its
// name, and not the dump.
func TestOneFileLost(t *testing.T) {
	t.Parallel()
	o := faulty()
	for name, broken := range map[string]string{
		"pods.json.gz": "no gzip file", "pods.json": listOf("v1", "PodList", object("v1", "Pod", o["pod"]))[:300], "pods.yaml": "apiVersion: v1\nkind: PodList\nitems:\n- a: [\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"dump/nodes.json": listOf("v1", "List", object("v1", "Node", o["a"])), "dump/" + name: broken})
			var kubelets []string // which are read after the nodes, and so are waited for
			if name == "Sonobuoy" {
				kubelets = append(kubelets, "kubevitals_kubelet_available{endpoint=configz,node=a,reason=available}")
			}
			for _, path := range []string{dir, archive(t, dir)} {
				got, _, d := replay(t, path, kubelets...)
				if len(d.Unreadable) != 1 || d.Unreadable[0].Name != "dump/"+name || !strings.Contains(d.Unreadable[0].Err.Error(), name) {
					t.Errorf("%s: unreadable: %v", path, d.Unreadable)
				}
				if got["kubevitals_node_readiness_ready{node=a}"] != 1 {
					t.Errorf("%s: the rest is lost, too", path)
				}
				if _, ok := got["kubevitals_source_available{reason=available,source=pods}"]; ok {
					t.Errorf("%s: a list counts as whole whose file is broken", path)
				}
			}
		})
	}
}

// TestPackedByOthers verifies that archives of other kinds are refused by name, with what
// to do.
func TestPackedByOthers(t *testing.T) {
	t.Parallel()
	for program, magic := range map[string]string{"xz": "\xfd7zXZ\x00\x00\x04", "zstd": "\x28\xb5\x2f\xfd\x04\x00", "bzip2": "BZh91AY&SY\x00"} {
		path := filepath.Join(folder(t, map[string]string{"dump.tar.x": magic}), "dump.tar.x")
		_, err := snapshot.Read(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), path+": is compressed with "+program) || !strings.Contains(err.Error(), program+" -d") {
			t.Errorf("%s: %v", program, err)
		}
	}
}

// TestStrangeBodies verifies that answers are told that are of no node or of another
// component.
func TestStrangeBodies(t *testing.T) {
	t.Parallel()
	o := faulty()
	const available = "kubevitals_kubelet_available{endpoint=stats_summary,node=%s,reason=%s}"
	got, _, d := replay(t, folder(t, map[string]string{
		"nodes.json":                  listOf("v1", "List", object("v1", "Node", o["a"]), object("v1", "Node", o["b"])),
		"nodes/a/metrics":             "coredns_build_info 1\n",
		"nodes/a/stats-summary.json":  `{"node":{"nodeName":"b"}}`,
		"nodes/b/metrics":             "go_info 1\nkubelet_node_name 1\n",
		"nodes/b/stats-summary.json":  `{"node":{"nodeName":"replaced"}}`,
		"nodes/a.example.com/metrics": "kubelet_node_name 1\n",
	}), fmt.Sprintf(available, "a", "invalid"), fmt.Sprintf(available, "b", "available"))
	for _, want := range []string{"metrics of the kubelet of a has none of a kubelet", "statistics of the kubelet of a is of node b", "no node of that name: a.example.com"} {
		if !strings.Contains(strings.Join(d.Warnings, "\n"), want) {
			t.Errorf("%q is not in %q", want, d.Warnings)
		}
	}
	if len(d.Warnings) != 4 {
		t.Errorf("warnings: %q", d.Warnings)
	}
	if got[fmt.Sprintf(available, "a", "invalid")] != 0 || got[fmt.Sprintf(available, "b", "available")] != 1 {
		t.Errorf("the statistics of another node are taken, or those under a replaced name are not: %v", got)
	}
}
