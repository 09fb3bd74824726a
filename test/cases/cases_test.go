package cases_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/test/cases"
)

// folder writes a case; its path has n1 in it.
func folder(t *testing.T, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "n1")
	if err := os.MkdirAll(filepath.Join(dir, "dump"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestMalformed verifies that an error names the file and the field.
func TestMalformed(t *testing.T) {
	t.Parallel()
	const good = "about: x\nseen: https://example.com/1\n"
	for name, c := range map[string]struct{ text, says string }{
		"no sentence":       {"seen: https://example.com/1\nsays: [a]\n", "about:"},
		"no source":         {"about: x\nseen: somewhere\nsays: [a]\n", "seen:"},
		"nothing to say":    {good, "says:"},
		"healthy, and not":  {good + "healthy: true\nsays: [a]\n", "healthy:"},
		"no cause":          {good + "says: [a]\nincidents:\n- names: [n1]\n", "incidents:"},
		"an unknown field":  {good + "says: [a]\nsay: [b]\n", `unknown field "say"`},
		"a broken pattern":  {good + "says: ['(']\n", "missing closing )"},
		"a field of a kind": {good + "says: a\n", "says"},
		"no YAML":           {"about: [", "yaml"},
	} {
		_, err := cases.Read(folder(t, c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "case.yaml") {
			t.Errorf("%s: %v, want the file and %q", name, err, c.says)
		}
	}
	dir := folder(t, good+"says: [a]\n")
	if err := os.Remove(filepath.Join(dir, "dump")); err != nil {
		t.Fatal(err)
	}
	if _, err := cases.Load(filepath.Dir(dir)); err == nil || !strings.Contains(err.Error(), "no dump") {
		t.Errorf("without a dump: %v", err)
	}
	if _, err := cases.Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "has no case") {
		t.Errorf("without any case: %v", err)
	}
}

// found is an incident of a node.
func found(alert, node string) incident.Incident {
	labels := map[string]string{"node": node}
	return incident.Incident{
		Cause:   incident.Member{Alert: alert, Labels: labels, Description: "Node " + node + " is ill."},
		Objects: incident.ObjectsOf(labels),
	}
}

// TestJudge verifies that each part of an expectation is judged, and what is said of it.
func TestJudge(t *testing.T) {
	t.Parallel()
	const ill = "about: x\nseen: 'guide: y'\nsays: [n1, '(?i)disk']\nnever: [stopped]\nincidents:\n- cause: KubeVitalsA\n  names: [n1]\n"
	const healthy = "about: x\nseen: 'guide: y'\nhealthy: true\n"
	a := found("KubeVitalsA", "n1")
	for name, c := range map[string]struct {
		text   string
		answer cases.Answer
		wrong  []string
	}{
		"right":             {ill, cases.Answer{Text: "Disk of n1", Incidents: []incident.Incident{a}}, nil},
		"the path says it":  {ill, cases.Answer{Text: "{DUMP} disk", Incidents: []incident.Incident{a}}, []string{"does not say /n1/"}},
		"says too much":     {ill, cases.Answer{Text: "disk n1 stopped", Incidents: []incident.Incident{a}}, []string{`says "stopped"`}},
		"another cause":     {ill, cases.Answer{Text: "disk n1", Incidents: []incident.Incident{found("KubeVitalsB", "n1")}}, []string{"does not find A n1", "finds, too: B n1"}},
		"another node":      {ill, cases.Answer{Text: "disk n1", Incidents: []incident.Incident{found("KubeVitalsA", "n2")}}, []string{"does not find A n1", "finds, too: A n2"}},
		"twice":             {ill, cases.Answer{Text: "disk n1", Incidents: []incident.Incident{a, a}}, []string{"finds, too: A n1"}},
		"all clear":         {healthy, cases.Answer{Text: "All clear", Clear: true}, nil},
		"cannot tell":       {healthy, cases.Answer{Text: "Could not tell"}, []string{"is healthy"}},
		"healthy and found": {healthy, cases.Answer{Text: "A", Incidents: []incident.Incident{a}}, []string{"finds, too: A n1"}},
		"not their number":  {"about: x\nseen: 'guide: y'\nsays: [n1]\n", cases.Answer{Text: "n1", Incidents: []incident.Incident{a, a}}, nil},
	} {
		got, err := cases.Read(folder(t, c.text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.answer.Text = strings.ReplaceAll(c.answer.Text, "{DUMP}", got.Dump)
		wrong := got.Judge(c.answer)
		if len(wrong) != len(c.wrong) || !slices.EqualFunc(wrong, c.wrong, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", name, wrong, c.wrong)
		}
	}
}

// TestPeer verifies that a result is read as it was written, and what is told of it.
func TestPeer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "peer.yaml")
	if err := (cases.Peer{Name: "peer", Version: "v1", Named: map[string]bool{"n1": true, "n2": false}}).Write(path); err != nil {
		t.Fatal(err)
	}
	peer, err := cases.LoadPeer(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = "peer v1 names what is wrong in 1 of the 2 ill clusters"
	if got := peer.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	text := cases.Document([]cases.Case{{Name: "n1"}, {Name: "n2"}, {Name: "n3"}}, make([]cases.Answer, 3), peer)
	for _, row := range []string{want, "| [n1](../cases/n1/case.yaml) |  | nothing, and cannot tell | yes | yes |", "| yes | no |", "| yes | – |"} {
		if !strings.Contains(text, row) {
			t.Errorf("without %q:\n%s", row, text)
		}
	}
	if err := os.WriteFile(path, []byte("named: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cases.LoadPeer(path); err == nil || !strings.Contains(err.Error(), "peer.yaml") {
		t.Errorf("malformed: %v", err)
	}
}
