package hpacause_test

import (
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/kubevitals/kubevitals/sources/hpacause"
)

// TestCulpritOf verifies whom each message blames that names a pod, and that no other
// message blames anybody.
func TestCulpritOf(t *testing.T) {
	t.Parallel()
	none := hpacause.Culprit{}
	for message, want := range map[string]hpacause.Culprit{
		prefix + "failed to get cpu utilization: missing request for cpu in container istio-proxy of Pod web-7d9c-x2v": {Resource: "cpu", Container: "istio-proxy", Pod: "web-7d9c-x2v"},
		prefix + "missing request for cpu on container web in pod shop/web-1":                                          {Resource: "cpu", Container: "web", Pod: "web-1"},
		prefix + "failed to get memory utilization: missing pod-level request for memory in Pod web-1.":                {Resource: "memory", Pod: "web-1"},
		prefix + "failed to get cpu container metric value: container app not found in Pod web-1":                      {Container: "app", Pod: "web-1"},
		prefix + "missing request for cpu": none,
		"missing request for":              none,
		prefix + "missing request for cpu in container <b> of Pod {{ evil }}":                         none,
		prefix + "did not receive metrics for targeted pods (pods might be unready) in Pod web-1":     none,
		"İİ missing request for cpu in container c of Pod p":                                          {Resource: "cpu", Container: "c", Pod: "p"},
		prefix + "missing request for cpu in container " + strings.Repeat("c", 300) + " of Pod web-1": {Resource: "cpu", Pod: "web-1"},
	} {
		got, ok := hpacause.CulpritOf(condition(autoscalingv2.ScalingActive, "FailedGetResourceMetric", message))
		if ok != (want != none) || ok && got != want {
			t.Errorf("%q blames %+v, %t; want %+v", message, got, ok, want)
		}
	}
}

// TestOfTargetOf verifies that a pod is called stray only if its target cannot have made
// it, and its own only if it can.
func TestOfTargetOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind, name, pod string
		want            hpacause.OfTarget
	}{
		{"Deployment", "web", "web-7d9c8b6f54-x2vqz", hpacause.Own},
		{"Deployment", "web", "web-7d9c-x2v", hpacause.Unclear},
		{"Deployment", "web", "web-3024345234-x2vqz", hpacause.Unclear},
		{"Deployment", "web", "web-backup-x2vqz", hpacause.Stray},
		{"Deployment", "web", "web-backup-28391040-x2vqz", hpacause.Stray},
		{"Deployment", "web", "web-x2vqz", hpacause.Unclear},
		{"Deployment", "web", "website-7d9c8b6f54-x2vqz", hpacause.Stray},
		{"Deployment", "web", "debug", hpacause.Stray},
		{"Deployment", strings.Repeat("w", 50), "debug", hpacause.Unclear},
		{"StatefulSet", "db", "db-0", hpacause.Own},
		{"StatefulSet", "db", "db-init-x2vqz", hpacause.Stray},
		{"ReplicaSet", "web-7d9c8b6f54", "web-7d9c8b6f54-x2vqz", hpacause.Own},
		{"ReplicationController", "web", "web-7d9c8b6f54-x2vqz", hpacause.Stray},
		{"Rollout", "web", "anything", hpacause.Unclear},
		{"Deployment", "", "web-7d9c8b6f54-x2vqz", hpacause.Unclear},
	} {
		target := autoscalingv2.CrossVersionObjectReference{Kind: test.kind, Name: test.name}
		if got := hpacause.OfTargetOf(target, test.pod); got != test.want {
			t.Errorf("%s %s made %s: %s, want %s", test.kind, test.name, test.pod, got, test.want)
		}
	}
}
