package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// A node of a dump, in the format of JSON, and an object of the time when all dumps
// were taken.
const (
	node = `{"apiVersion":"v1","kind":"Node","metadata":{"name":%q,"creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{%s},"status":{"conditions":[
		{"type":"Ready","status":%q,"message":%q,"lastHeartbeatTime":"2026-01-02T10:00:00Z","lastTransitionTime":"2026-01-02T10:00:00Z"}]}}`
	dumped = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"new","namespace":"default","creationTimestamp":"2026-01-02T12:00:00Z"},"spec":{"nodeName":"a"},"status":{"phase":"Running"}}`

	silence = "Kubelet stopped posting node status."
)

func ready(name string) string  { return fmt.Sprintf(node, name, "", "True", "") }
func silent(name string) string { return fmt.Sprintf(node, name, "", "Unknown", silence) }

// ofKind lists objects of a kind as kubectl prints them.
func ofKind(kind string, items ...string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":%q},"items":[%s]}`, kind, strings.Join(items, ","))
}

// diagnose runs a check on a dump of these lists, twice: for people and for programs.
func diagnose(t *testing.T, lists ...string) (text string, r diagnosis.Result) {
	t.Helper()
	dir := t.TempDir()
	for i, list := range append(lists, ofKind("", dumped)) {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("list", i, ".json")), []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, text, _ = runProgram(t, "check", "--snapshot="+dir, "--unfold", "--log.level=error")
	_, answer, _ := runProgram(t, "check", "--snapshot="+dir, "--log.level=error", "-o", "json")
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		t.Fatalf("%v in:\n%s", err, answer)
	}
	return text, r
}

// says verifies what a text has and has not, by regular expressions.
func says(t *testing.T, text string, want, not []string) {
	t.Helper()
	for _, w := range want {
		if !regexp.MustCompile(w).MatchString(text) {
			t.Errorf("does not say %s:\n%s", w, text)
		}
	}
	for _, n := range not {
		if regexp.MustCompile(n).MatchString(text) {
			t.Errorf("says %s:\n%s", n, text)
		}
	}
}

// dnsPod is a pod of CoreDNS whose container has been started six times.
func dnsPod(name, state, last string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"kube-system","labels":{"k8s-app":"kube-dns"},"creationTimestamp":"2026-01-02T10:00:00Z"},
		"spec":{"nodeName":"a","restartPolicy":"Always"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}],
		"containerStatuses":[{"name":"coredns","ready":false,"restartCount":6,"state":%s,"lastState":%s}]}}`, name, state, last)
}

// TestWhatIsKnownIsSaid verifies that answers name what a dump holds of the fault: whose
// API an autoscaler reads, that pods crash, that nobody wants a node back.
func TestWhatIsKnownIsSaid(t *testing.T) {
	t.Parallel()
	const (
		hpa = `{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"keda-hpa-mail","namespace":"post","creationTimestamp":"2026-01-01T00:00:00Z"},
			"spec":{"maxReplicas":9,"metrics":[{"type":"External","external":{"metric":{"name":"s0-queue"}}}]},
			"status":{"currentReplicas":1,"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetExternalMetric"}]}}`
		api = `{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1beta1.external.metrics.k8s.io","creationTimestamp":"2026-01-01T00:00:00Z"},
			"spec":{"service":{"namespace":"observe","name":"other-adapter"}},"status":{"conditions":[{"type":"Available","status":%q,"reason":%q}]}}`
		local = `{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.","creationTimestamp":"2026-01-01T00:00:00Z"},
			"status":{"conditions":[{"type":"Available","status":"True","reason":"Local"}]}}`
		deployment = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"coredns","namespace":"kube-system","creationTimestamp":"2026-01-01T00:00:00Z"},
			"spec":{"replicas":2,"template":{"metadata":{"labels":{"k8s-app":"kube-dns"}}}},"status":{"replicas":2}}`
		crashed = `{"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"2026-01-02T11:57:00Z","finishedAt":"2026-01-02T11:58:00Z"}}`
	)
	for name, c := range map[string]struct {
		lists     []string
		want, not []string
	}{
		"an autoscaler of KEDA reads the API of another adapter": {
			[]string{ofKind("", hpa), ofKind("", local, fmt.Sprintf(api, "True", "Passed")), ofKind("", ready("a"))},
			[]string{"post/keda-hpa-mail", "Service observe/other-adapter", "one of KEDA, which is not asked"}, nil,
		},
		"that API is not available": {
			[]string{ofKind("", hpa), ofKind("", local, fmt.Sprintf(api, "False", "MissingEndpoints")), ofKind("", ready("a"))},
			[]string{"external metrics API .* not available from Service observe/other-adapter: MissingEndpoints"}, []string{"is available"},
		},
		"the pods of DNS crash": {
			[]string{ofKind("", ready("a")), ofKind("", deployment), ofKind("",
				dnsPod("waits", `{"waiting":{"reason":"CrashLoopBackOff"}}`, crashed),
				dnsPod("runs", `{"running":{"startedAt":"2026-01-02T11:59:30Z"}}`, crashed))},
			[]string{"Addon dns .* keep crashing: 2 ended with OOMKilled"}, nil,
		},
		"a silent node was cordoned": {
			[]string{ofKind("", ready("a"), fmt.Sprintf(node, "b", `"unschedulable":true`, "Unknown", silence))},
			[]string{"INFO .*Cordoned", "Node b .* is cordoned"}, []string{"(?m)^(CRITICAL|WARNING) "},
		},
		"an older Karpenter removes a node": {
			[]string{ofKind("", ready("a"), fmt.Sprintf(node, "b", `"taints":[{"key":"karpenter.sh/disruption","value":"disrupting","effect":"NoSchedule"}]`, "Unknown", silence))},
			[]string{"Node b .*its machine is .*karpenter.sh/disruption on the node says so"}, []string{"(?m)^(CRITICAL|WARNING) "},
		},
		"Karpenter only considers it": {
			[]string{ofKind("", ready("a"), fmt.Sprintf(node, "b", `"taints":[{"key":"karpenter.sh/disruption","value":"candidate","effect":"NoSchedule"}]`, "Unknown", silence))},
			[]string{"WARNING KubeVitalsNodeNotReady", "Node b .*its kubelet is silent: it sends no heartbeats"}, []string{"says so"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := diagnose(t, c.lists...)
			says(t, text, c.want, c.not)
		})
	}
}

// TestMassOutage verifies that the text of an outage of many nodes has their number by
// cause, and the JSON each name.
func TestMassOutage(t *testing.T) {
	t.Parallel()
	var nodes []string
	for i := range 20 {
		name := fmt.Sprintf("n-%02d", i)
		switch {
		case i < 7:
			nodes = append(nodes, silent(name))
		case i < 12:
			nodes = append(nodes, fmt.Sprintf(node, name, "", "False", "container runtime is down"))
		default:
			nodes = append(nodes, ready(name))
		}
	}
	text, r := diagnose(t, ofKind("", nodes...))
	says(t, text, []string{"7 nodes, each because its kubelet is silent", "5 nodes, each because its container runtime does not answer", "and [0-9]+ more, which -o json names"}, nil)
	if strings.Count(text, "node=") > 12 {
		t.Errorf("the text lists nodes one by one:\n%s", text)
	}
	named := map[string]bool{}
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			for _, e := range f.Evidence {
				if m := regexp.MustCompile(`not_ready\{.*node="(.*)"`).FindStringSubmatch(e.Series); m != nil {
					named[m[1]] = true
				}
			}
		}
	}
	if len(named) != 12 {
		t.Errorf("the JSON names %d nodes: %v", len(named), named)
	}
}
