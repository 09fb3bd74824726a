package main

import (
	"fmt"
	"testing"
)

// autoscalerOf is an autoscaler of a dump with one condition that is not fulfilled.
func autoscalerOf(condition, reason, message string) string {
	return fmt.Sprintf(`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","namespace":"shop","creationTimestamp":"2026-01-01T00:00:00Z"},
		"spec":{"maxReplicas":4,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"metrics":[{"type":"Resource","resource":{"name":"cpu"}}]},
		"status":{"currentReplicas":2,"conditions":[{"type":%q,"status":"False","reason":%q,"message":%q}]}}`, condition, reason, message)
}

const worksAPIService = `{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIServiceList","items":[{"metadata":{"name":"v1beta1.metrics.k8s.io"},
	"spec":{"service":{"namespace":"kube-system","name":"metrics-server"}},"status":{"conditions":[{"type":"Available","status":"True","reason":"Passed"}]}}]}`

// TestWhyAutoscalersDoNotScale verifies that nobody is blamed for an autoscaler that
// does not scale but who is, by the words of its controller.
func TestWhyAutoscalersDoNotScale(t *testing.T) {
	t.Parallel()
	const unable = "the HPA was unable to compute the replica count: failed to get cpu utilization: "
	for name, c := range map[string]struct {
		autoscaler string
		want, not  []string
	}{
		"a sidecar requests nothing": {
			autoscalerOf("ScalingActive", "FailedGetResourceMetric", unable+"missing request for cpu in container istio-proxy of Pod web-1"),
			[]string{"KubeVitalsAutoscalingMisconfigured", "requests none of the resource", "container istio-proxy of pod web-1 requests no cpu\\)\\."},
			[]string{"KubeVitalsAutoscalingWithoutMetrics", "adapter", "metrics-server", "did not make"},
		},
		"all pods of the target request nothing": {
			autoscalerOf("ScalingActive", "FailedGetResourceMetric", unable+"missing request for cpu in container istio-proxy of Pod web-7d9c8b6f54-x2vqz"),
			[]string{"container istio-proxy of every pod that its target makes"}, []string{"did not make"},
		},
		"a pod of a Job has the labels of the target": {
			autoscalerOf("ScalingActive", "FailedGetResourceMetric", unable+"missing request for cpu in container dump of Pod web-backup-28391040-x2vqz"),
			[]string{"container dump of pod web-backup-28391040-x2vqz requests no cpu; its target did not make that pod"}, nil,
		},
		"pods that are not ready": {
			autoscalerOf("ScalingActive", "FailedGetResourceMetric", unable+"did not receive metrics for targeted pods (pods might be unready)"),
			[]string{"no pod of its target is ready"}, []string{"adapter", "at fault", "KubeVitalsAutoscalingMisconfigured"},
		},
		"two of the same pods": {
			autoscalerOf("ScalingActive", "AmbiguousSelector", "pods by selector app=web are controlled by multiple HPAs: [shop/web shop/web2]"),
			[]string{"KubeVitalsAutoscalingMisconfigured", "another autoscaler selects the same pods"}, []string{"cannot read its metrics"},
		},
		"no target": {
			autoscalerOf("AbleToScale", "FailedGetScale", `the HPA controller was unable to get the target's current scale: deployments.apps "web" not found`),
			[]string{"its target does not exist"}, nil,
		},
		"it waits, as up to 1.17": {
			autoscalerOf("AbleToScale", "BackoffBoth", "the time since the previous scale is still within both the downscale and upscale forbidden windows"),
			nil, []string{"KubeVitalsAutoscaling"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := diagnose(t, ofKind("", ready("a"), c.autoscaler), worksAPIService)
			says(t, text, c.want, c.not)
		})
	}
}

// TestPodsOfNegativePriority verifies that only a pod which does nothing counts as one
// that keeps room for others, and that a Job which waits for a node is told of.
func TestPodsOfNegativePriority(t *testing.T) {
	t.Parallel()
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ml","creationTimestamp":"2026-01-02T01:00:00Z","ownerReferences":[{"kind":%q,"name":"o","controller":true}]},
		"spec":{"priority":-100,"containers":[{"name":"c","image":%q}]},
		"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/4 nodes are available: 4 Insufficient cpu."}]}}`
	text, _ := diagnose(t, ofKind("", ready("a"), fmt.Sprintf(pod, "Job", "train:1")))
	says(t, text, []string{"INFO KubeVitalsPodsOfLowPriorityWaiting", "namespace ml"}, []string{"KubeVitalsPodsUnschedulable"})
	text, _ = diagnose(t, ofKind("", ready("a"), fmt.Sprintf(pod, "ReplicaSet", "registry.k8s.io/pause:3.9")))
	says(t, text, []string{"All clear"}, []string{"LowPriority"})
}

// TestPodsOfOldKubelets verifies that a pod which has no container is told of where its
// kubelet, before 1.29, does not say whether it has a sandbox: with what its events say
// of late, and else with what is not known.
func TestPodsOfOldKubelets(t *testing.T) {
	t.Parallel()
	const (
		pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","uid":"0b4c6c1e-7a1f-4c0e-9a63-2f1f0f3d5b11","creationTimestamp":"2026-01-02T11:00:00Z"},
			"spec":{"nodeName":"a","containers":[{"name":"c","image":"x"}]},
			"status":{"phase":"Pending","startTime":"2026-01-02T11:00:01Z","conditions":[{"type":"PodScheduled","status":"True","lastTransitionTime":"2026-01-02T11:00:00Z"}],
			"containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ContainerCreating"}}}]}}`
		event = `{"apiVersion":"v1","kind":"Event","metadata":{"name":"e","namespace":"shop","uid":"e","creationTimestamp":"2026-01-02T11:00:30Z"},"type":"Warning","count":9,
			"reason":"FailedCreatePodSandBox","lastTimestamp":%q,"source":{"component":"kubelet","host":"a"},
			"involvedObject":{"kind":"Pod","namespace":"shop","name":"web-1","uid":"0b4c6c1e-7a1f-4c0e-9a63-2f1f0f3d5b11"}}`
	)
	text, _ := diagnose(t, ofKind("", ready("a"), pod, fmt.Sprintf(event, "2026-01-02T11:59:00Z")))
	says(t, text, []string{"KubeVitalsPodNetworkFailing"}, []string{"KubeVitalsPodSetupFailing"})
	text, _ = diagnose(t, ofKind("", ready("a"), pod, fmt.Sprintf(event, "2026-01-02T11:02:00Z")))
	says(t, text, []string{"KubeVitalsPodSetupFailing", "none of its containers has begun"}, []string{"KubeVitalsPodNetworkFailing"})
}

// TestDNSOfDistributions verifies that a dead DNS is named wherever distributions run it,
// and one that somebody set to zero.
func TestDNSOfDistributions(t *testing.T) {
	t.Parallel()
	const (
		deployment = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,"namespace":"kube-system"},"spec":{"replicas":%d,"template":{"metadata":{"labels":{%q:%q}}}},"status":{}}`
		pod        = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"dns-%d","namespace":%q,"labels":{%q:%q}},"spec":{"nodeName":"a"},
			"status":{"phase":"Running","conditions":[{"type":"Ready","status":%q}],"containerStatuses":[{"name":"dns","restartCount":40,"state":{%s}}]}}`
		crashes = `"waiting":{"reason":"CrashLoopBackOff"}`
	)
	down := []string{"CRITICAL KubeVitalsAddonDown", "Addon dns .* has no ready pod"}
	for name, c := range map[string]struct {
		objects   []string
		want, not []string
	}{
		"RKE2":     {[]string{fmt.Sprintf(deployment, "rke2-coredns-rke2-coredns", 2, "app.kubernetes.io/name", "rke2-coredns")}, down, nil},
		"Helm":     {[]string{fmt.Sprintf(deployment, "dns-of-helm", 2, "k8s-app", "coredns")}, down, nil},
		"set to 0": {[]string{fmt.Sprintf(deployment, "coredns", 0, "k8s-app", "kube-dns")}, append(down, "none is wanted"), nil},
		"0, and others": {
			[]string{fmt.Sprintf(deployment, "coredns", 0, "k8s-app", "kube-dns"), fmt.Sprintf(pod, 1, "kube-system", "k8s-app", "kube-dns", "True", "")},
			nil, []string{"KubeVitalsAddonDown"},
		},
		"OpenShift": {
			[]string{
				fmt.Sprintf(pod, 1, "openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default", "False", crashes),
				fmt.Sprintf(pod, 2, "openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default", "False", crashes),
			}, append(down, "keep crashing: 2"), nil,
		},
		"OpenShift, and well": {
			[]string{
				fmt.Sprintf(pod, 1, "openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default", "True", ""),
				fmt.Sprintf(pod, 2, "openshift-dns", "dns.operator.openshift.io/daemonset-node-resolver", "", "False", crashes),
			}, nil, []string{"KubeVitalsAddonDown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := diagnose(t, ofKind("", append(c.objects, ready("a"))...))
			says(t, text, c.want, c.not)
		})
	}
}

// TestPodsAreNamed verifies that a finding about pods that wait names them, and quotes
// who holds them up, without their being labels.
func TestPodsAreNamed(t *testing.T) {
	t.Parallel()
	const (
		placed = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-%d","namespace":"shop","creationTimestamp":"2026-01-02T11:0%d:00Z"},"spec":{"nodeName":"a"},
			"status":{"phase":"Pending","startTime":"2026-01-02T11:00:01Z","containerStatuses":[{"name":"c","state":{"waiting":{"reason":%q,"message":%q}}}]}}`
		free = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"big","namespace":"shop","creationTimestamp":"2026-01-02T11:00:00Z"},"spec":{},
			"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/4 nodes are available: 4 Insufficient cpu."}]}}`
	)
	objects := []string{ready("a"), free}
	for i := range 7 {
		objects = append(objects, fmt.Sprintf(placed, i, i, "CreateContainerConfigError", `secret "db" not found`))
	}
	objects = append(objects, fmt.Sprintf(placed, 7, 7, "ImagePullBackOff", `Back-off pulling image "shop/web:nope"`))
	text, r := diagnose(t, ofKind("", objects...))
	says(t, text, []string{
		`Pod shop/web-0: container c: CreateContainerConfigError: secret "db" not found; Pod shop/web-1: .*; Pod shop/web-4: .*; and 2 more`,
		`Pod shop/web-7: container c: ImagePullBackOff: Back-off pulling image "shop/web:nope"`,
		`Pod shop/big: 0/4 nodes are available: 4 Insufficient cpu\.`,
	}, []string{"web-5: "})
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			if f.Detail == "" || f.Labels["pod"] != "" {
				t.Errorf("%s: %+v", a.Alert, f)
			}
		}
	}
}
