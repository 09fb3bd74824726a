package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestTheClustersOwnWords verifies that findings quote conditions and events, cut and
// without control characters, name the first five objects in a text and all for programs.
func TestTheClustersOwnWords(t *testing.T) {
	t.Parallel()
	const (
		event = `{"apiVersion":"v1","kind":"Event","metadata":{"name":"web-%d.1","namespace":"shop","uid":"u%d","creationTimestamp":"2026-01-02T11:00:00Z"},"type":"Warning","reason":"FailedCreate","count":9,
			"firstTimestamp":"2026-01-02T11:00:00Z","lastTimestamp":"2026-01-02T11:59:%02dZ","source":{"component":"replicaset-controller"},
			"involvedObject":{"kind":"ReplicaSet","namespace":"shop","name":"web-%d"},"message":"Error creating: pods \"web-\" is forbidden: exceeded quota: q\u001b[31m, limited: pods=%d"}`
		api = `{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.gone.example.com","creationTimestamp":"2026-01-01T00:00:00Z"},
			"spec":{"service":{"namespace":"gone","name":"api"}},"status":{"conditions":[{"type":"Available","status":"False","reason":"ServiceNotFound","message":"service/api in \"gone\" is not present","lastTransitionTime":"2026-01-02T10:00:00Z"}]}}`
		namespace = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"old","creationTimestamp":"2026-01-01T00:00:00Z","deletionTimestamp":"2026-01-02T10:00:00Z"},"status":{"phase":"Terminating","conditions":[
			{"type":"NamespaceFinalizersRemaining","status":"True","reason":"SomeFinalizersRemain","message":"Some content in the namespace has finalizers remaining: example.com/hold in 3 resource instances"}]}}`
		pressed = `{"apiVersion":"v1","kind":"Node","metadata":{"name":"b","creationTimestamp":"2026-01-01T00:00:00Z"},"status":{"conditions":[
			{"type":"Ready","status":"False","reason":"KubeletNotReady","message":"container runtime network not ready: cni plugin not initialized","lastHeartbeatTime":"2026-01-02T10:00:00Z","lastTransitionTime":"2026-01-02T10:00:00Z"}]}}`
	)
	const owners = 7
	var events []string
	for i := range owners {
		events = append(events, fmt.Sprintf(event, i, i, 10+i, i, i))
	}
	text, r := diagnose(t, ofKind("", ready("a"), pressed), ofKind("", events...), ofKind("", api), ofKind("", namespace))
	says(t, text, []string{
		`ReplicaSet shop/web-0: Error creating: pods "web-" is forbidden: exceeded quota: q.*limited: pods=0; ReplicaSet shop/web-1: .*; ReplicaSet shop/web-4: .*; and 2 more`,
		`APIService v1\.gone\.example\.com: ServiceNotFound: service/api in "gone" is not present`,
		`Namespace old: Some content in the namespace has finalizers remaining: example\.com/hold in 3 resource instances`,
		`Node b: KubeletNotReady: container runtime network not ready: cni plugin not initialized`,
	}, []string{"\x1b", "Node a: "})
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			if a.Alert == "KubeVitalsPodsNotCreated" && len(f.Objects) != owners {
				t.Errorf("%d objects, want %d: %+v", len(f.Objects), owners, f.Objects)
			}
			for name, value := range f.Labels {
				if strings.Contains(value, "limited:") || strings.Contains(value, "not present") {
					t.Errorf("label %s of %s is a message: %s", name, a.Alert, value)
				}
			}
		}
	}
}
