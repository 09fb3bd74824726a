package hpacause_test

import (
	"slices"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/kubevitals/kubevitals/sources/hpacause"
)

const prefix = "the HPA was unable to compute the replica count: "

// TestOf verifies the cause of each message that the controller of Kubernetes has, as
// it stands in clusters: with the words around it and with names.
func TestOf(t *testing.T) {
	t.Parallel()
	var seen []hpacause.Cause
	for _, test := range []struct {
		reason, message string
		want            hpacause.Cause
	}{
		{"FailedGetResourceMetric", prefix + "failed to get cpu utilization: missing request for cpu in container istio-proxy of Pod web-7d9c-x2v", hpacause.NoRequests},
		{"FailedGetResourceMetric", prefix + "missing request for cpu on container web in pod shop/web-1", hpacause.NoRequests},
		{"FailedGetResourceMetric", prefix + "failed to get memory utilization: missing pod-level request for memory in Pod web-1", hpacause.NoRequests},
		{"FailedGetContainerResourceMetric", prefix + "failed to get cpu container metric value: container app not found in Pod web-1", hpacause.NoContainer},
		{"FailedGetResourceMetric", prefix + "failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)", hpacause.PodsUnready},
		{"FailedGetResourceMetric", prefix + "failed to get cpu utilization: no metrics returned matched known pods", hpacause.PodsUnready},
		{"FailedGetResourceMetric", prefix + "failed to get cpu utilization: no pods returned by selector while calculating replica count", hpacause.NoPods},
		{"FailedGetResourceMetric", prefix + "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API", hpacause.NoFigures},
		{"FailedGetExternalMetric", prefix + `unable to get external metric shop/queue/&LabelSelector{MatchLabels:map[string]string{queue: orders,},}: no metrics returned from external metrics API`, hpacause.NoFigures},
		{"FailedGetResourceMetric", prefix + "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)", hpacause.APIMissing},
		{"FailedGetPodsMetric", prefix + "unable to get metric packets: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered", hpacause.APIMissing},
		{"FailedGetResourceMetric", prefix + "unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)", hpacause.APIUnavailable},
		{"FailedGetResourceMetric", prefix + "unable to fetch metrics from resource metrics API: error trying to reach service: dial tcp 10.0.0.7:4443: connect: no route to host", hpacause.APIUnavailable},
		{"FailedGetPodsMetric", prefix + "unable to get metric http_requests: unable to fetch metrics from custom metrics API: the server could not find the metric http_requests for pods", hpacause.MetricUnknown},
		{"FailedGetExternalMetric", prefix + "unable to fetch metrics from external metrics API: Internal error occurred: dial tcp 10.0.0.8:9090: connect: connection refused", hpacause.APIFailing},
		{"FailedGetExternalMetric", prefix + "unable to fetch metrics from external metrics API: rpc error: code = Unknown desc = scaler is closed", hpacause.APIFailing},
		{"FailedGetResourceMetric", prefix + `unable to fetch metrics from resource metrics API: pods.metrics.k8s.io is forbidden: User "system:serviceaccount:kube-system:horizontal-pod-autoscaler" cannot list resource "pods"`, hpacause.Forbidden},
		{"FailedGetObjectMetric", prefix + "invalid object metric source: neither a value target nor an average value target was set", hpacause.InvalidSpec},
		{"InvalidMetricSourceType", prefix + `unknown metric source type "Magic"`, hpacause.InvalidSpec},
		{"AmbiguousSelector", "pods by selector app=web are controlled by multiple HPAs: [shop/web shop/web2]", hpacause.AmbiguousSelector},
		{"InvalidSelector", "the HPA target's scale is missing a selector", hpacause.InvalidSelector},
		{"FailedGetResourceMetric", "", hpacause.Untold},
		{"FailedGetResourceMetric", prefix + "something that no controller says today", hpacause.Untold},
	} {
		c := condition(autoscalingv2.ScalingActive, test.reason, test.message)
		if got := hpacause.Of(c); got != test.want {
			t.Errorf("%q: %s, want %s", test.message, got, test.want)
		}
		seen = append(seen, test.want)
		verifyEssence(t, c)
	}
	for message, want := range map[string]hpacause.Cause{
		`the HPA controller was unable to get the target's current scale: deployments.apps "web" not found`:                                                                                           hpacause.TargetMissing,
		`the HPA controller was unable to get the target's current scale: no matches for kind "Rollout" in group "argoproj.io"`:                                                                       hpacause.TargetKindUnknown,
		`the HPA controller was unable to get the target's current scale: the server could not find the requested resource`:                                                                           hpacause.TargetKindUnknown,
		`the HPA controller was unable to get the target's current scale: rollouts.argoproj.io "web" is forbidden: User "x" cannot get resource "rollouts/scale" in API group "argoproj.io"`:          hpacause.Forbidden,
		`the HPA controller was unable to update the target scale: Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest`:    hpacause.Conflict,
		`the HPA controller was unable to update the target scale: admission webhook "validate.kyverno.svc-fail" denied the request: replicas must not exceed 5 and the policy to allow it not found`: hpacause.Denied,
		`the HPA controller was unable to update the target scale: etcdserver: leader changed`:                                                                                                        hpacause.Untold,
	} {
		c := condition(autoscalingv2.AbleToScale, "FailedGetScale", message)
		if got := hpacause.Of(c); got != want {
			t.Errorf("%q: %s, want %s", message, got, want)
		}
		seen = append(seen, want)
		verifyEssence(t, c)
	}
	for _, cause := range hpacause.Causes() {
		if cause != hpacause.NotReconciled && !slices.Contains(seen, cause) { // that one has no condition
			t.Errorf("no message has the cause %s", cause)
		}
	}
	if got := hpacause.Of(autoscalingv2.HorizontalPodAutoscalerCondition{Status: "True", Message: "missing request for"}); got != hpacause.None {
		t.Errorf("a condition that is fulfilled has the cause %s", got)
	}
}

// verifyEssence verifies that what is left of a message in a snapshot without names
// tells the same cause.
func verifyEssence(t *testing.T, c autoscalingv2.HorizontalPodAutoscalerCondition) {
	t.Helper()
	short := c
	short.Message = hpacause.Essence(c)
	if hpacause.Of(short) != hpacause.Of(c) {
		t.Errorf("%q: its essence %q has the cause %s, want %s", c.Message, short.Message, hpacause.Of(short), hpacause.Of(c))
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]bool{"BackoffBoth": true, "BackoffDownscale": true, "FailedGetScale": false, "": false} {
		if hpacause.Waits(reason) != want {
			t.Errorf("%q: want %t", reason, want)
		}
	}
}

func condition(kind autoscalingv2.HorizontalPodAutoscalerConditionType, reason, message string) autoscalingv2.HorizontalPodAutoscalerCondition {
	return autoscalingv2.HorizontalPodAutoscalerCondition{Type: kind, Status: "False", Reason: reason, Message: message}
}
