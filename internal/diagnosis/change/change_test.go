package change_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/change"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// graph is one in which a full disk explains pods that wait on its node.
func graph(t *testing.T) *incident.Graph {
	t.Helper()
	g, err := incident.Parse([]byte(`[{"cause": "DiskFull", "explains": "PodsWait", "on": ["node"]}]`))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func finding(alert, severity, node string) ruleeval.Finding {
	return ruleeval.Finding{Alert: alert, Severity: severity, Signal: "s", Labels: map[string]string{"node": node, "cluster": "c"}, Description: alert + " of " + node + "."}
}

// ofServer is a finding about an API server, with samples that are 0.
func ofServer(alert, server string, series ...string) ruleeval.Finding {
	f := finding(alert, "warning", "")
	f.Labels["server"] = server
	for _, one := range series {
		f.Evidence = append(f.Evidence, ruleeval.Evidence{Series: one})
	}
	return f
}

// result is one that evaluated both alerts.
func result(t *testing.T, findings ...ruleeval.Finding) *diagnosis.Result {
	t.Helper()
	r := &diagnosis.Result{
		Version: 1, At: time.Unix(1.7e9, 0), Incidents: graph(t).Group(findings, nil),
		Coverage: diagnosis.Coverage{Evaluated: []string{"DiskFull", "PodsWait", "Blind"}},
	}
	for _, f := range findings {
		r.Alerts = append(r.Alerts, diagnosis.FiringAlert{Alert: f.Alert, Severity: f.Severity, Signal: f.Signal, Findings: []ruleeval.Finding{f}})
	}
	return r
}

// inShort lists what is in each list, by alert and node.
func inShort(c change.Changes) map[string][]string {
	all := map[string][]string{}
	put := func(list string, incidents []incident.Incident) {
		for _, one := range incidents {
			all[list] = append(all[list], one.Cause.Alert+" "+one.Cause.Labels["node"])
		}
	}
	put("began", c.Began)
	put("newly seen", c.NewlySeen)
	put("ended", c.Ended)
	put("unknown", c.Unknown)
	for _, o := range c.Ongoing {
		put("ongoing", []incident.Incident{o.Incident})
		for _, m := range o.ConsequencesBegan {
			all["follows"] = append(all["follows"], m.Alert)
		}
		for _, m := range o.ConsequencesEnded {
			all["follows no more"] = append(all["follows no more"], m.Alert)
		}
		if o.CauseBefore.Alert != "" {
			all["cause before"] = append(all["cause before"], o.CauseBefore.Alert)
		}
	}
	return all
}

func TestBetween(t *testing.T) {
	t.Parallel()
	disk, pods := finding("DiskFull", "warning", "a"), finding("PodsWait", "warning", "a")
	worse := finding("DiskFull", "critical", "a")
	elsewhere := finding("DiskFull", "warning", "b")
	elsewhere.Labels["cluster"] = "another name of it"
	sameElsewhere := finding("DiskFull", "warning", "b")
	blind := ruleeval.Finding{
		Alert: "Blind", Severity: "warning", Signal: "exporter", Labels: map[string]string{},
		Evidence: []ruleeval.Evidence{{Series: `kubevitals_kubelet_available{endpoint="stats", node="a"}`}},
	}
	narrow := func(r *diagnosis.Result) *diagnosis.Result {
		r.Coverage.Evaluated = []string{"PodsWait"}
		return r
	}
	const other, silent = `kubevitals_apiserver_up{server="other"}`, `kubevitals_apiserver_up{server="s"}`
	slow, down := ofServer("DiskFull", "s"), ofServer("Blind", "s", silent)
	otherDown, noneUp, someUp := ofServer("Blind", "other", other), ofServer("Blind", "", other), ofServer("Blind", "", other, silent)
	someUp.Evidence[0].Value = 1
	for _, test := range []struct {
		name          string
		before, after *diagnosis.Result
		want          map[string][]string
		worse, sure   bool
	}{
		{"nothing", result(t), result(t), map[string][]string{}, false, true},
		{"began", result(t), result(t, disk), map[string][]string{"began": {"DiskFull a"}}, true, true},
		{"ended", result(t, disk), result(t), map[string][]string{"ended": {"DiskFull a"}}, false, true},
		{"goes on under another name of the cluster", result(t, elsewhere), result(t, sameElsewhere), map[string][]string{"ongoing": {"DiskFull b"}}, false, true},
		{"on another node", result(t, disk), result(t, sameElsewhere), map[string][]string{"began": {"DiskFull b"}, "ended": {"DiskFull a"}}, true, true},
		{"more severe", result(t, disk), result(t, worse), map[string][]string{"ongoing": {"DiskFull a"}}, true, true},
		{"less severe", result(t, worse), result(t, disk), map[string][]string{"ongoing": {"DiskFull a"}}, false, true},
		{"more follows", result(t, disk), result(t, disk, pods), map[string][]string{"ongoing": {"DiskFull a"}, "follows": {"PodsWait"}}, false, true},
		{"less follows", result(t, disk, pods), result(t, disk), map[string][]string{"ongoing": {"DiskFull a"}, "follows no more": {"PodsWait"}}, false, true},
		{"the cause is found", result(t, pods), result(t, disk, pods), map[string][]string{"began": {"DiskFull a"}}, true, true},
		{"the cause ends, and what followed goes on", result(t, disk, pods), result(t, pods), map[string][]string{"ended": {"DiskFull a"}, "ongoing": {"PodsWait a"}, "cause before": {"DiskFull"}}, false, true},
		{"the second did not evaluate it", result(t, disk), narrow(result(t)), map[string][]string{"unknown": {"DiskFull a"}}, false, false},
		{"the first did not evaluate it", narrow(result(t)), result(t, disk), map[string][]string{"newly seen": {"DiskFull a"}}, true, true},
		{"the kubelet cannot be read", result(t, disk), result(t, blind), map[string][]string{"began": {"Blind "}, "unknown": {"DiskFull a"}}, true, false},
		{"the API server does not answer", result(t, slow), result(t, down), map[string][]string{"began": {"Blind "}, "unknown": {"DiskFull "}}, true, false},
		{"another API server does not answer", result(t, slow), result(t, otherDown), map[string][]string{"began": {"Blind "}, "ended": {"DiskFull "}}, true, true},
		{"no API server answers that is known", result(t, slow), result(t, noneUp), map[string][]string{"began": {"Blind "}, "unknown": {"DiskFull "}}, true, false},
		{"one of the API servers answers", result(t, slow), result(t, someUp), map[string][]string{"began": {"Blind "}, "ended": {"DiskFull "}}, true, true},
		{"another kubelet cannot be read", result(t, sameElsewhere, blind), result(t, blind), map[string][]string{"ended": {"DiskFull b"}, "ongoing": {"Blind "}}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := change.Between(test.before, test.after)
			if diff := cmp.Diff(test.want, inShort(c)); diff != "" || c.Worse() != test.worse || c.Sure() != test.sure {
				t.Errorf("worse %t, sure %t, (-want +got):\n%s", c.Worse(), c.Sure(), diff)
			}
		})
	}
}

// TestEachFindingStandsSomewhere verifies that no incident of either result is lost.
func TestEachFindingStandsSomewhere(t *testing.T) {
	t.Parallel()
	nodes := []string{"a", "b", "c"}
	var all []ruleeval.Finding
	for _, node := range nodes {
		all = append(all, finding("DiskFull", "warning", node), finding("PodsWait", "critical", node))
	}
	for before := range 1 << len(all) {
		for after := range 1 << len(all) {
			pick := func(set int) (some []ruleeval.Finding) {
				for i, f := range all {
					if set&(1<<i) != 0 {
						some = append(some, f)
					}
				}
				return some
			}
			a, b := result(t, pick(before)...), result(t, pick(after)...)
			c := change.Between(a, b)
			if got := len(c.Began) + len(c.Ongoing) + len(c.NewlySeen); got != len(b.Incidents) {
				t.Fatalf("%b to %b: %d of %d incidents", before, after, got, len(b.Incidents))
			}
			for _, ended := range c.Ended {
				if slices.ContainsFunc(pick(after), func(f ruleeval.Finding) bool {
					return f.Alert == ended.Cause.Alert && f.Labels["node"] == ended.Cause.Labels["node"]
				}) {
					t.Fatalf("%b to %b: %s is said to have ended", before, after, ended.Summary)
				}
			}
		}
	}
}
