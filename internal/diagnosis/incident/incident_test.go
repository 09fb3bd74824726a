package incident_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// graph: an outage of the cluster explains nodes that are lost, which explain their pods;
// a runtime explains its node, and a metrics server the API that it serves.
const graph = `[
	{"cause": "Outage", "explains": "NodeLost"},
	{"cause": "NodeLost", "explains": "PodsStuck", "on": ["node"], "inhibits": true},
	{"cause": "RuntimeDown", "explains": "NodeLost", "on": ["node"]},
	{"cause": "AddonDown", "explains": "APIDown", "when": {"addon": "metrics-.*"}, "where": {"api": "resource"}}
]`

func found(alert, severity, description string, labels ...string) ruleeval.Finding {
	f := ruleeval.Finding{Alert: alert, Severity: severity, Description: description, Labels: map[string]string{"cluster": "c"}}
	for i := 0; i < len(labels); i += 2 {
		f.Labels[labels[i]] = labels[i+1]
	}
	return f
}

// outline is an incident in a line: its severity, its cause and what follows.
func outline(i incident.Incident) string {
	line := i.Severity + " " + i.Cause.Alert
	for _, o := range i.Objects {
		line += " " + o.Kind + "=" + o.String()
	}
	for _, c := range i.Consequences {
		line += " > " + c.Alert
	}
	return line
}

// TestGroup verifies what is one incident: what has its cause, whichever way leads there,
// and the nearest cause where there are several.
func TestGroup(t *testing.T) {
	t.Parallel()
	g, err := incident.Parse([]byte(graph))
	if err != nil {
		t.Fatal(err)
	}
	lost := func(node string) ruleeval.Finding { return found("NodeLost", "warning", "Lost.", "node", node) }
	for name, test := range map[string]struct {
		findings []ruleeval.Finding
		want     []string
	}{
		"nothing":           {nil, nil},
		"of one node":       {[]ruleeval.Finding{lost("a"), found("PodsStuck", "critical", "", "node", "a")}, []string{"critical NodeLost node=a > PodsStuck"}},
		"of another node":   {[]ruleeval.Finding{lost("a"), found("PodsStuck", "warning", "", "node", "b")}, []string{"warning NodeLost node=a", "warning PodsStuck node=b"}},
		"a way of two":      {[]ruleeval.Finding{found("PodsStuck", "info", "", "node", "a"), found("Outage", "critical", ""), lost("a")}, []string{"critical Outage node=a > PodsStuck > NodeLost"}},
		"the nearest":       {[]ruleeval.Finding{found("Outage", "critical", ""), lost("a"), lost("b"), found("RuntimeDown", "warning", "", "node", "b")}, []string{"critical Outage node=a > NodeLost", "warning RuntimeDown node=b > NodeLost"}},
		"matchers":          {[]ruleeval.Finding{found("AddonDown", "critical", "", "addon", "metrics-server"), found("APIDown", "warning", "", "api", "resource")}, []string{"critical AddonDown addon=metrics-server api=resource > APIDown"}},
		"another addon":     {[]ruleeval.Finding{found("AddonDown", "critical", "", "addon", "dns"), found("APIDown", "warning", "", "api", "resource")}, []string{"critical AddonDown addon=dns", "warning APIDown api=resource"}},
		"not the whole":     {[]ruleeval.Finding{found("AddonDown", "critical", "", "addon", "my-metrics-server"), found("APIDown", "info", "", "api", "resource")}, []string{"critical AddonDown addon=my-metrics-server", "info APIDown api=resource"}},
		"another API":       {[]ruleeval.Finding{found("AddonDown", "critical", "", "addon", "metrics-server"), found("APIDown", "warning", "", "api", "external")}, []string{"critical AddonDown addon=metrics-server", "warning APIDown api=external"}},
		"a namespaced name": {[]ruleeval.Finding{found("Scaling", "warning", "", "namespace", "shop", "horizontalpodautoscaler", "web")}, []string{"warning Scaling horizontalpodautoscaler=shop/web"}},
		"a namespace":       {[]ruleeval.Finding{found("Pending", "warning", "", "namespace", "shop")}, []string{"warning Pending namespace=shop"}},
		"one of several": {[]ruleeval.Finding{found("AddonDown", "critical", "", "addon", "metrics-a"), found("AddonDown", "critical", "", "addon", "metrics-b"), found("APIDown", "info", "", "api", "resource")},
			[]string{"critical AddonDown addon=metrics-a", "critical AddonDown addon=metrics-b", "info APIDown api=resource"}},
		"what follows first": {[]ruleeval.Finding{found("A", "warning", ""), lost("a"), found("PodsStuck", "warning", "", "node", "a")}, []string{"warning NodeLost node=a > PodsStuck", "warning A"}},
		"the worst first":    {[]ruleeval.Finding{found("A", "info", ""), found("B", "critical", "")}, []string{"critical B", "info A"}},
	} {
		var got []string
		for _, i := range g.Group(test.findings, nil) {
			got = append(got, outline(i))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
		}
	}
}

// TestSummary verifies that an incident is told in one sentence, without what stands
// above all of them, and that it began when its cause did.
func TestSummary(t *testing.T) {
	t.Parallel()
	f := found("NodeLost", "warning", "Node a of cluster c is lost: its port 10.0.0.1:10250 is closed. Its pods wait.", "node", "a")
	f.Evidence = []ruleeval.Evidence{{Metric: "lost_since", Value: 2000}, {Metric: "lost_since", Value: 1000}, {Metric: "seen", Value: 10}, {Metric: "lost_since", Value: -1}}
	prefix := found("Waiting", "info", "A pod of namespace prod in cluster prod-eu waits", "namespace", "prod")
	prefix.Labels["cluster"] = "prod-eu"
	longer := found("Waiting", "info", "A pod of cluster cc waits.")
	for f, want := range map[*ruleeval.Finding]string{&prefix: "A pod of namespace prod waits", &longer: "A pod of cluster cc waits."} {
		if got := (&incident.Graph{}).Group([]ruleeval.Finding{*f}, nil)[0].Summary; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	younger := found("NodeLost", "warning", "Lost", "node", "b")
	younger.Evidence = []ruleeval.Evidence{{Metric: "lost_since", Value: 1500}}
	unknown := found("NodeLost", "warning", "", "node", "c")
	all := (&incident.Graph{}).Group([]ruleeval.Finding{unknown, younger, f}, []string{"lost_since"})
	if len(all) != 3 || all[0].Cause.Labels["node"] != "a" || all[1].Cause.Labels["node"] != "b" {
		t.Fatalf("not the oldest first: %+v", all)
	}
	if want := "Node a is lost: its port 10.0.0.1:10250 is closed."; all[0].Summary != want {
		t.Errorf("got %q, want %q", all[0].Summary, want)
	}
	if !all[0].Since.Equal(time.Unix(1000, 0)) || !all[2].Since.IsZero() {
		t.Errorf("began %v and %v, want 1000 and nothing", all[0].Since, all[2].Since)
	}
}

// TestParse verifies that a graph which cannot be used is refused by name.
func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`: "graph of causes",
		`[{"cause": "A", "explains": "B"}, {"cause": "B", "explains": "C"}, {"cause": "C", "explains": "A"}]`: "explains itself",
		`[{"cause": "A", "explains": "B", "when": {"node": "("}}]`:                                            "label node",
	} {
		if _, err := incident.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", text, err, want)
		}
	}
}

// FuzzGroup verifies that no finding is lost and none told twice, whatever labels there
// are.
func FuzzGroup(f *testing.F) {
	f.Add("a", "b", uint8(3))
	g, err := incident.Parse([]byte(graph))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, one, other string, n uint8) {
		alerts := []string{"Outage", "NodeLost", "PodsStuck", "RuntimeDown", "AddonDown", "APIDown", "Other"}
		var findings []ruleeval.Finding
		for i := range int(n) {
			node := []string{one, other}[i/7%2]
			findings = append(findings, found(alerts[i%7], "warning", one, "node", node, "addon", other, "api", "resource"))
		}
		told := 0
		for _, i := range g.Group(findings, nil) {
			told += 1 + len(i.Consequences)
		}
		if told != len(findings) {
			t.Errorf("%d of %d findings are told", told, len(findings))
		}
	})
}
