package main

import (
	"slices"
	"testing"

	"github.com/kubevitals/kubevitals/test/cases"
)

const report = "\n\x1b[38;5;75mGENERAL [CASE] (2026-11-29T15:07:44Z)\x1b[0m\n" + `
  · Connectivity...................................................................................OK
  · MetricServer...................................................................................E


PODS (2 SCANNED)                                                              1 E 1 W 0 I 0 OK 0%
┅┅┅┅┅┅┅┅
  · shop/web-0.....................................................................................E
    E [POP-207] Pod is in an unhappy phase (Pending).
    C web
      W [POP-102] No probes defined.
    W [POP-300] Uses "default" ServiceAccount.


NODES (1 SCANNED)                                                             0 E 0 W 0 I 0 OK 100%
  · Nothing to report.
`

// TestFindings verifies how a report is read, and that what is found in most healthy
// clusters is left out of an ill one.
func TestFindings(t *testing.T) {
	t.Parallel()
	found := findingsOf(report)
	want := []finding{
		{"MetricServer", "MetricServer: not found"},
		{"POP-207", "PODS shop/web-0: Pod is in an unhappy phase (Pending)."},
		{"POP-102", "PODS shop/web-0 web: No probes defined."},
		{"POP-300", `PODS shop/web-0: Uses "default" ServiceAccount.`},
	}
	if !slices.Equal(found, want) {
		t.Fatalf("%q, want %q", found, want)
	}
	all := []cases.Case{{Name: "ill"}, {Name: "a", Healthy: true}, {Name: "b", Healthy: true}, {Name: "c", Healthy: true}}
	usual := usualOf(all, [][]finding{found, want[2:], want[2:], want[1:2]})
	if text := without(found, usual); text != want[0].text+"\n"+want[1].text+"\n" {
		t.Errorf("%q without %q", text, usual)
	}
}
