package matrix

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// told is what came of a case in which the alert Dead, which waits 20 s, tells of a fault
// of node n, and explains Stuck on the same node and Late where late="yes".
func told(change func(*observation)) Result {
	j := judge{
		rules: &rules{alerts: map[string]alert{
			"Dead": {For: "20s", Labels: labels{"severity": "critical"}}, "Stuck": {Labels: labels{"severity": "warning"}},
			"Late": {Labels: labels{"severity": "warning"}}, "Other": {Labels: labels{"severity": "warning"}}, "Note": {Labels: labels{"severity": "info"}},
		}},
		graph: graph{"Dead": {{Cause: "Dead", Explains: "Stuck"}}, "Stuck": {{Cause: "Stuck", Explains: "Late", Where: map[string]string{"late": "yes"}}}},
	}
	began := time.Unix(1e9, 0)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	dead := labels{"alertname": "Dead", "node": "n"}
	o := observation{
		began: began, injected: []time.Time{at(1)}, healed: []time.Time{at(100)}, seen: []time.Time{at(3)},
		spans:         []span{{labels: dead, from: at(31), to: at(104)}},
		notifications: []notification{{at: at(45), firing: true, alerts: []labels{dead}}},
		inhibited:     map[string]bool{},
	}
	if change != nil {
		change(&o)
	}
	return j.of(Case{Faults: []faults.Fault{{Name: "death", Alert: "Dead", Labels: map[string]string{"node": "n"}}}}, o)
}

// TestJudge verifies that a fault that is told of as it has to be is good, and that each way
// in which it is not is said.
func TestJudge(t *testing.T) {
	good := told(nil)
	if !good.Good() || *good.Causes[0].Seen != 2 || *good.Causes[0].Fired != 30 || *good.Causes[0].Resolved != 4 {
		t.Errorf("%s; %+v", good.Line(), good.Causes)
	}
	fires := func(name string, more labels) func(*observation) {
		return func(o *observation) {
			of := labels{"alertname": name}
			for k, v := range more {
				of[k] = v
			}
			o.spans = append(o.spans, span{labels: of, from: o.began, to: o.began.Add(time.Minute)})
		}
	}
	for name, c := range map[string]struct {
		change func(*observation)
		says   string // nothing is good
	}{
		"what follows":                {fires("Stuck", nil), ""},
		"what follows from that":      {fires("Late", labels{"late": "yes"}), ""},
		"what does not follow there":  {fires("Late", labels{"late": "no"}), "Late fires, which the graph"},
		"what has nothing to do":      {fires("Other", nil), "Other fires, which the graph"},
		"what is for information":     {fires("Note", nil), ""},
		"the cause of another object": {func(o *observation) { o.spans[0].labels["node"] = "m" }, "Dead does not fire"},
		"no alert":                    {func(o *observation) { o.spans = nil }, "Dead does not fire"},
		"late":                        {func(o *observation) { o.spans[0].from = o.began.Add(142 * time.Second) }, "fires after"},
		"for ever":                    {func(o *observation) { o.spans[0].unresolved = true }, "does not end"},
		"too long":                    {func(o *observation) { o.spans[0].to = o.began.Add(161 * time.Second) }, "ends 61 s after"},
		"not sent":                    {func(o *observation) { o.notifications = nil }, "no notification"},
		"second": {func(o *observation) {
			o.notifications = append([]notification{{alerts: []labels{{"alertname": "Stuck"}}}}, o.notifications...)
		}, "not in the first"},
		"too often": {func(o *observation) {
			o.notifications = append(o.notifications, o.notifications[0], o.notifications[0], o.notifications[0])
		}, "4 notifications"},
	} {
		t.Run(name, func(t *testing.T) {
			r := told(c.change)
			if c.says == "" && !r.Good() || c.says != "" && !strings.Contains(strings.Join(r.Faulty, "\n"), c.says) {
				t.Errorf("faulty is %q, want %q", r.Faulty, c.says)
			}
		})
	}
}

// TestShort verifies that shorter times keep their order.
func TestShort(t *testing.T) {
	var all []time.Duration
	for _, minutes := range []int{0, 1, 2, 3, 5, 10, 15, 30, 60, 120} {
		all = append(all, short(time.Duration(minutes)*time.Minute))
	}
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) || all[0] != 0 || all[1] != 20*time.Second {
		t.Errorf("%v", all)
	}
}

// TestPairs verifies that there are 20 pairs of faults of which neither explains the other.
func TestPairs(t *testing.T) {
	pairs, err := Pairs(faults.All(), "../../mixin/generated/causes.json", 20)
	if err != nil {
		t.Fatal(err)
	}
	g, err := readGraph("../../mixin/generated/causes.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		a, b := p.Faults[0], p.Faults[1]
		if _, ok := g.follows(a.Alert, nil)[b.Alert]; ok || a.Alert == b.Alert {
			t.Errorf("%s is not of two causes", p.Name())
		}
		t.Log(p.Name())
	}
	if _, err := Pairs(faults.All()[:2], "../../mixin/generated/causes.json", 20); err == nil {
		t.Error("20 pairs are made of two faults")
	}
}

// TestFollows verifies that what follows is what explains by way of others, too, and no more.
func TestFollows(t *testing.T) {
	g, err := readGraph("../../mixin/generated/causes.json")
	if err != nil {
		t.Fatal(err)
	}
	all := g.follows("KubeVitalsAPIServerAllDown", nil)
	for _, name := range []string{"KubeVitalsSchedulerDown", "KubeVitalsPodsWithoutScheduler"} {
		if _, ok := all[name]; !ok {
			t.Errorf("%s does not follow from an API server that is down", name)
		}
	}
	if _, ok := all["KubeVitalsNodeDiskPressure"]; ok {
		t.Error("a full disk follows from an API server that is down")
	}
}
