package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
)

// port is that of a server of the demo, which differs from run to run.
var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// found lists alerts with labels, but for those of a machine that is slow by itself.
func found(t *testing.T, text string) []string {
	t.Helper()
	var r diagnosis.Result
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	var all []string
	for _, a := range r.Alerts {
		if ofThisMachine(a.Alert) {
			continue
		}
		for _, f := range a.Findings {
			all = append(all, port.ReplaceAllString(fmt.Sprint(f.Alert, f.Labels), "SERVER"))
		}
	}
	slices.Sort(all)
	return all
}

// ofThisMachine tells whether an alert is about how fast something answers: the fake cluster
// is as slow as the machine that tests run on.
func ofThisMachine(alert string) bool { return strings.HasSuffix(alert, "Slow") }

// planted is the number of faults that demo/cluster.yaml of the fake cluster plants.
const planted = 9

// TestIncidentsOfTheDemonstration verifies that each fault that was planted is one
// incident, with what follows from it and nothing else.
func TestIncidentsOfTheDemonstration(t *testing.T) {
	t.Parallel()
	_, output, _ := runProgram(t, "check", "--demo", "--window=0s", "--collector.apiserver.probe-timeout=1m", "-o", "json")
	var result struct {
		Incidents []incident.Incident `json:"incidents"`
	}
	if err := json.Unmarshal([]byte(output), &result); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range result.Incidents {
		if ofThisMachine(i.Cause.Alert) {
			continue
		}
		line := strings.TrimPrefix(i.Cause.Alert, "KubeVitals")
		for _, o := range i.Objects {
			line += " " + port.ReplaceAllString(o.String(), "SERVER")
		}
		for _, c := range i.Consequences {
			line += " > " + strings.TrimPrefix(c.Alert, "KubeVitals")
		}
		got = append(got, line)
	}
	slices.Sort(got)
	want := []string{
		"APIServerCertificateExpiryImminent SERVER",
		"APIServerCheckFailing SERVER",
		"APIServerDown SERVER kube-apiserver > AddonCrashLooping",
		"AutoscalingMetricsAPIUnavailable resource",
		"NodeDiskPressure worker-2 > GarbageCollectionFailing > NodeDiskImageGCStuck > PodNetworkFailing",
		"NodeNotReady worker-3 > PodsStuckOnDeadNode",
		"PodsUnschedulable shop",
		"ReflectorMetricsLeakMemory edge-1 kubelet > ReflectorMetricsLeak",
		"WatchStreamsExhausted batch-1",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) != planted {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
}

// TestSameFindingsFromASnapshot checks the demo live, and a snapshot of it twice.
func TestSameFindingsFromASnapshot(t *testing.T) {
	t.Parallel()
	code, live, stderr := runProgram(t, "check", "--demo", "--window=2s", "--collector.apiserver.probe-timeout=1m", "-o", "json")
	if code != exitFindings || stderr != "" {
		t.Fatalf("live: exit code %d, stderr %q", code, stderr)
	}
	dir := filepath.Join(t.TempDir(), "snapshot")
	if code, _, stderr := runProgram(t, "snapshot", dir, "--demo", "--window=2s", "--collector.apiserver.probe-timeout=1m", "--log.level=error"); code != exitOK {
		t.Fatalf("snapshot: exit code %d, stderr %q", code, stderr)
	}
	code, replayed, stderr := runProgram(t, "check", "--snapshot="+dir, "-o", "json", "--log.level=error")
	if code != exitFindings || stderr != "" {
		t.Fatalf("from the snapshot: exit code %d, stderr %q", code, stderr)
	}
	valid(t, live)
	valid(t, replayed)
	if diff := cmp.Diff(found(t, live), found(t, replayed)); diff != "" {
		t.Errorf("other findings from the snapshot (-live +snapshot):\n%s", diff)
	}
	if got := found(t, live); len(got) < 10 || !slices.ContainsFunc(got, func(f string) bool {
		return strings.Contains(f, "KubeVitalsNodeDiskPressure") && strings.Contains(f, "worker-2")
	}) {
		t.Errorf("the demo's faults are not found: %v", got)
	}
	_, again, _ := runProgram(t, "check", "--snapshot="+dir, "-o", "json", "--log.level=error")
	if diff := cmp.Diff(replayed, again); diff != "" {
		t.Errorf("a second look at the snapshot differs:\n%s", diff)
	}

	code, text, _ := runProgram(t, "check", "--snapshot="+dir, "--only=KubeVitalsNodeDiskPressure", "--severity=warning", "--log.level=error")
	for _, want := range []string{"The time is that of the dump, by its manifest.", "WARNING KubeVitalsNodeDiskPressure", "NODE='worker-2'", "Runbook: https://"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not say %q:\n%s", want, text)
		}
	}
	if code != exitFindings || strings.Contains(text, "KubeVitalsNodeDiskImageGCStuck") || strings.Contains(text, "KubeVitalsAPIServer") || strings.Contains(text, "\x1b") {
		t.Errorf("exit code %d, or more than was asked for, or colours in a file:\n%s", code, text)
	}
	code, text, _ = runProgram(t, "check", "--snapshot="+dir, "--only=dns", "--log.level=error")
	if code != exitOK || !strings.Contains(text, "All clear") {
		t.Errorf("nothing is wrong with DNS: exit code %d:\n%s", code, text)
	}
	_, text, _ = runProgram(t, "check", "--snapshot="+dir, "-o", "junit", "--log.level=error")
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal([]byte(text), &suite); err != nil {
		t.Fatal(err)
	}
	failed, ofFaults := 0, 0
	for _, c := range suite.Cases {
		if c.Failure != nil {
			failed++
			if alert, _, _ := strings.Cut(c.Name, " "); !ofThisMachine(alert) {
				ofFaults++
			}
		}
	}
	if suite.Tests != len(suite.Cases) || suite.Failures != failed || ofFaults != planted {
		t.Errorf("JUnit: %d of %d tests fail, and those of %d planted faults are %d", suite.Failures, suite.Tests, planted, ofFaults)
	}
	for form, begins := range map[string]string{"markdown": "# kubevitals check: ", "html": "<!doctype html>", "github": "::error title=KubeVitals"} {
		code, text, _ := runProgram(t, "check", "--snapshot="+dir, "-o", form, "--log.level=error")
		if code != exitFindings || !strings.HasPrefix(text, begins) || !strings.Contains(text, "worker-2 reports disk pressure") {
			t.Errorf("%s: exit code %d, or not begun with %q, or without the disk:\n%s", form, code, begins, text)
		}
	}
}

// TestCheckOfADeadCluster verifies that the errors of a result are those of the cluster,
// and not of the end of reading it.
func TestCheckOfADeadCluster(t *testing.T) {
	t.Parallel()
	code, stdout, _ := runProgram(t, "check", "--kubeconfig="+kubeconfig(t), "--window=1s", "--only=node_readiness", "--only=exporter", "-o", "json")
	valid(t, stdout)
	var r diagnosis.Result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitUnsure {
		t.Fatalf("exit code %d, %v in:\n%s", code, err, stdout)
	}
	if !slices.ContainsFunc(r.Unavailable, func(u diagnosis.Unavailable) bool {
		return u.Name == "nodes" && u.Reason == "unreachable" && strings.Contains(u.Detail, "refused")
	}) || strings.Contains(stdout, "cancel") {
		t.Errorf("nodes are not refused, or something was cancelled:\n%s", stdout)
	}
}

func TestCheckCouldNotTell(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, says string
		args       []string
	}{
		{"bad form", "'yaml'", []string{"-o", "yaml"}},
		{"bad window", "--window", []string{"--window=-1s", "--demo"}},
		{"unknown alert", `"KubeVitalsNothing"`, []string{"--only=KubeVitalsNothing", "--demo"}},
		{"nothing as severe", "nothing that --only names is as severe as critical", []string{"--only=KubeVitalsNodeNotReady", "--severity=critical", "--demo"}},
		{"missing kubeconfig", "/does/not/exist", []string{"--kubeconfig=/does/not/exist"}},
		{"missing snapshot", "/does/not/exist", []string{"--snapshot=/does/not/exist"}},
		{"two clusters", "--snapshot excludes", []string{"--snapshot=/tmp", "--demo"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runProgram(t, append([]string{"check", "--log.level=error"}, test.args...)...)
			if code != exitUnsure || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.says) {
				t.Errorf("exit code %d, stdout %q, stderr %q; want code %d and one line that says %q", code, stdout, stderr, exitUnsure, test.says)
			}
		})
	}
}

// TestCheckOfWhatIsDisabled verifies that no alert counts as evaluated of which a check
// cannot tell, so that a gate of a CI system that asks for it does not stay green.
func TestCheckOfWhatIsDisabled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		says []string
	}{
		{
			"of the nodes, of a day, and switched off",
			[]string{"--only=conntrack", "--only=KubeVitalsManyEvictions", "--only=KubeVitalsNodeNotReady", "--no-collector.node_readiness"},
			[]string{"none of 0 alerts", "Not looked at here: conntrack, node_readiness.", "further back than a check, for Prometheus to evaluate: 1."},
		},
		{
			"beside what is well",
			[]string{"--only=conntrack", "--only=control_plane_leases"},
			[]string{"this look cannot tell: conntrack."},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, _ := runProgram(t, append([]string{"check", "--demo", "--window=1s"}, test.args...)...)
			for _, says := range append(test.says, "Could not tell: none of ") {
				if code != exitUnsure || !strings.Contains(stdout, says) {
					t.Errorf("exit code %d, want %d and %q in:\n%s", code, exitUnsure, says, stdout)
				}
			}
		})
	}
}

// TestCheckOfOneSample verifies that without a window no time is taken for a second
// sample, and that what needs one is told.
func TestCheckOfOneSample(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runProgram(t, "check", "--demo", "--window=0s")
	for _, says := range []string{"KubeVitalsNodeNotReady", "Alerts that need a second sample (--window=15s)"} {
		if code != exitFindings || !strings.Contains(stdout, says) {
			t.Errorf("exit code %d, want %d and %q in:\n%s\n%s", code, exitFindings, says, stdout, stderr)
		}
	}
}
