package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// family writes a histogram with these label sets, as client_golang does.
func family(b *bytes.Buffer, name, help string, bounds []string, labelSets []string) {
	_, _ = fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name)
	for i, labels := range labelSets {
		count := 1000 + 37*i
		for j, bound := range bounds {
			_, _ = fmt.Fprintf(b, "%s_bucket{%s,le=%q} %d\n", name, labels, bound, count*(j+1)/len(bounds))
		}
		_, _ = fmt.Fprintf(b, "%s_sum{%s} %g\n%s_count{%s} %d\n", name, labels, float64(count)*0.0137, name, labels, count)
	}
}

// product combines the values of labels in every way.
func product(labels ...string) []string {
	sets := []string{""}
	for _, label := range labels {
		name, values, _ := strings.Cut(label, "=")
		var next []string
		for _, set := range sets {
			for value := range strings.SplitSeq(values, ",") {
				next = append(next, strings.TrimPrefix(fmt.Sprintf("%s,%s=%q", set, name, value), ","))
			}
		}
		sets = next
	}
	return sets
}

func bounds() []string {
	return strings.Fields("0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf")
}

// kubeletMetrics is the body of a kubelet 1.37 with some ten pods: the families
// that make up most of it, in their real shapes.
func kubeletMetrics() []byte {
	var b bytes.Buffer
	family(&b, "kubelet_http_requests_duration_seconds", "[ALPHA] Duration in seconds to serve http requests", bounds(),
		product("long_running=false", "method=GET", "path=configz,healthz,metrics,metrics/cadvisor,metrics/probes,metrics/resource,pods,stats", "server_type=readwrite"))
	family(&b, "kubelet_pod_worker_duration_seconds", "[ALPHA] Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync", bounds(),
		product("operation_type=create,sync,update"))
	family(&b, "kubelet_runtime_operations_duration_seconds", "[ALPHA] Duration in seconds of runtime operations. Broken down by operation type.", bounds(),
		product("operation_type=container_status,create_container,exec_sync,image_status,list_containers,list_images,list_podsandbox,podsandbox_status,pull_image,remove_container,remove_podsandbox,run_podsandbox,start_container,status,stop_container,stop_podsandbox,update_runtime_config,version"))
	prober := product("container=main,proxy", "namespace=team-001", "pod=service-00-7d9f6c5b4-00001,service-01-7d9f6c5b4-00002,service-02-7d9f6c5b4-00003,service-03-7d9f6c5b4-00004,service-04-7d9f6c5b4-00005,service-05-7d9f6c5b4-00006,service-06-7d9f6c5b4-00007,service-07-7d9f6c5b4-00008,service-08-7d9f6c5b4-00009,service-09-7d9f6c5b4-0000a", "probe_type=Liveness,Readiness")
	family(&b, "prober_probe_duration_seconds", "[ALPHA] Duration in seconds for a probe response.", bounds(), prober)
	family(&b, "rest_client_request_duration_seconds", "[ALPHA] Request latency in seconds. Broken down by verb, and host.", bounds(),
		product("host=10.96.0.1:443", "verb=DELETE,GET,PATCH,POST,PUT"))
	family(&b, "storage_operation_duration_seconds", "[BETA] Storage operation duration", bounds(),
		product("migrated=false", "operation_name=verify_controller_attached_volume,volume_mount,volume_unmount", "status=fail-unknown,success", "volume_plugin=kubernetes.io/configmap,kubernetes.io/csi,kubernetes.io/empty-dir,kubernetes.io/projected,kubernetes.io/secret"))
	family(&b, "workqueue_queue_duration_seconds", "[BETA] How long in seconds an item stays in workqueue before being requested.", bounds(),
		product("name=DynamicCABundle-client-ca-bundle,DynamicServingCertificateController,csi-lister"))
	_, _ = b.WriteString("# HELP kubernetes_feature_enabled [BETA] This metric records the data about the stage and enablement of a k8s feature.\n# TYPE kubernetes_feature_enabled gauge\n")
	for i := range 230 {
		_, _ = fmt.Fprintf(&b, "kubernetes_feature_enabled{name=\"FeatureGateNumber%03d\",stage=%q} %d\n", i, []string{"", "ALPHA", "BETA"}[i%3], i%2)
	}
	_, _ = b.WriteString("# HELP process_resident_memory_bytes Resident memory size in bytes.\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 1.00921344e+08\n")
	return b.Bytes()
}

// kubeletSummary is the part of /stats/summary about pods; its size decides
// what reading the part about the node costs.
func kubeletSummary() []byte {
	var b bytes.Buffer
	const usage = `"cpu":{"time":"2026-09-01T08:00:00Z","usageNanoCores":12340567,"usageCoreNanoSeconds":98765432109876},"memory":{"time":"2026-09-01T08:00:00Z","availableBytes":268435456,"usageBytes":268435456,"workingSetBytes":201326592,"rssBytes":134217728,"pageFaults":1234567,"majorPageFaults":12}`
	const disk = `{"time":"2026-09-01T08:00:00Z","availableBytes":64424509440,"capacityBytes":107374182400,"usedBytes":49152,"inodesFree":6029312,"inodes":6553600,"inodesUsed":21}`
	b.WriteString(`[`)
	for i := range 10 {
		if i > 0 {
			b.WriteString(",")
		}
		_, _ = fmt.Fprintf(&b, `{"podRef":{"name":"service-%02d-7d9f6c5b4-%05x","namespace":"team-001","uid":"00000000-0000-0000-0000-%012x"},"startTime":"2026-09-01T07:00:00Z","containers":[{"name":"main","startTime":"2026-09-01T07:00:00Z",%s,"rootfs":%s,"logs":%s},{"name":"proxy","startTime":"2026-09-01T07:00:00Z",%s,"rootfs":%s,"logs":%s}],%s,"ephemeral-storage":%s}`,
			i, i, i, usage, disk, disk, usage, disk, disk, usage, disk)
	}
	b.WriteString(`]`)
	return b.Bytes()
}

// ofNow fills in that the figures of a disk are of now.
func ofNow(disk string) string {
	return strings.Replace(disk, "NOW", time.Now().UTC().Format(time.RFC3339), 1)
}

const kubeletConfig = `{"kubeletconfig":{"syncFrequency":"1m0s","clusterDNS":["10.96.0.10"],"clusterDomain":"cluster.local","cgroupsPerQOS":true,"imageGCHighThresholdPercent":85,"imageGCLowThresholdPercent":80,"evictionHard":{"imagefs.available":"15%","imagefs.inodesFree":"5%","memory.available":"100Mi","nodefs.available":"10%","nodefs.inodesFree":"5%"},"evictionPressureTransitionPeriod":"5m0s","configMapAndSecretChangeDetectionStrategy":"Watch","enforceNodeAllocatable":["pods"],"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"}}`

// kubeletConfig is the configuration of a kubelet, which reserves for daemons unless it
// is sick.
func (f fleet) kubeletConfig() string {
	if f.sick {
		return kubeletConfig
	}
	return strings.Replace(kubeletConfig, `"kind"`, `"kubeReserved":{"cpu":"200m","memory":"2Gi"},"kind"`, 1)
}

// kubelet returns the kubelets: all alike but for the name of the node, so that
// one body serves thousands.
func (f fleet) kubelet() func(string) fakecluster.Kubelet {
	metrics, pods := kubeletMetrics(), kubeletSummary()
	k := fakecluster.Kubelet{
		Metrics: func(w io.Writer, r fakecluster.Request) error {
			if _, err := fmt.Fprintf(w, "# HELP kubelet_node_name [ALPHA] The node's name. The count is always 1.\n# TYPE kubelet_node_name gauge\nkubelet_node_name{node=%q} 1\n", r.Name); err != nil {
				return err
			}
			_, err := w.Write(metrics)
			return err
		},
		Summary: func(w io.Writer, r fakecluster.Request) error {
			const usual = `{"time":"NOW","availableBytes":64424509440,"capacityBytes":107374182400,"usedBytes":42949672960,"inodesFree":6029312,"inodes":6553600,"inodesUsed":524288}`
			disk := ofNow(usual)
			images := disk
			if f.secondDisk {
				images = strings.Replace(disk, "107374182400", "214748364800", 1)
			}
			_, err := fmt.Fprintf(w, `{"node":{"nodeName":%q,"fs":%s,"runtime":{"imageFs":%s,"containerFs":%s}},"pods":%s}`, r.Name, disk, images, images, pods)
			return err
		},
		Configz: fakecluster.Bytes([]byte(f.kubeletConfig())),
	}
	return func(string) fakecluster.Kubelet { return k }
}

// apiServerMetrics is the body of an API server with about that many series:
// nearly all of them are latencies by resource, as in real ones.
func apiServerMetrics(series int) []byte {
	var b bytes.Buffer
	bounds := strings.Fields("0.005 0.025 0.05 0.1 0.2 0.4 0.6 0.8 1 1.25 1.5 2 3 4 5 6 8 10 15 20 30 45 60 +Inf")
	_, _ = b.WriteString("# HELP apiserver_longrunning_requests [STABLE] Gauge of all active long-running apiserver requests.\n# TYPE apiserver_longrunning_requests gauge\n")
	for _, resource := range []string{"configmaps", "secrets"} {
		_, _ = fmt.Fprintf(&b, "apiserver_longrunning_requests{component=\"apiserver\",group=\"\",resource=%q,scope=\"resource\",subresource=\"\",verb=\"WATCH\",version=\"v1\"} 12000\n", resource)
	}
	verbs := strings.Fields("APPLY DELETE GET LIST PATCH POST PUT")
	var sets []string
	for i := 0; len(sets)*(len(bounds)+2) < series; i++ {
		for _, verb := range verbs {
			sets = append(sets, fmt.Sprintf("component=\"apiserver\",dry_run=\"\",group=\"group-%02d.example.com\",resource=\"resource-%04d\",scope=\"resource\",subresource=\"\",verb=%q,version=\"v1\"", i%40, i, verb))
		}
	}
	family(&b, "apiserver_request_duration_seconds", "[STABLE] Response latency distribution in seconds.", bounds, sets)
	_, _ = b.WriteString("# HELP process_resident_memory_bytes Resident memory size in bytes.\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 2.61865984e+10\n")
	return b.Bytes()
}
