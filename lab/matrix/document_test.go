package matrix

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDocument verifies that a case that was played again replaces the one before, and what
// the document says of good, faulty and missing ones.
func TestDocument(t *testing.T) {
	seconds := func(s float64) *float64 { return &s }
	of := func(name string, fired float64) Result {
		return Result{
			Case:          name,
			Causes:        []Cause{{Fault: name, What: "it is " + name, Alert: "KubeVitalsDown", Watched: true, Seen: seconds(0.4), Fired: seconds(fired), Resolved: seconds(2)}},
			Notifications: [][]string{{"KubeVitalsDown"}},
			Alerts: []Alert{
				{Name: "KubeVitalsDown", Instances: 1, Fired: fired, Resolved: seconds(2), Role: IsCause, Sent: true},
				{Name: "KubeVitalsTargetMissing", Instances: 2, Fired: 60, Role: IsConsequence, Inhibited: true},
			},
		}
	}
	faulty := of("later", 30)
	faulty.Faulty = []string{"Down ends late"}
	reports := []Report{
		{Command: "first", Results: []Result{of("hung", 99), {Case: "gone", Error: "no lab"}}},
		{Command: "second", Settings: []string{"slowInterval=2s"}, Alerts: 163, Results: []Result{of("hung", 11), faulty}, Pairs: []Result{of("one and other", 5)}},
	}
	var files []string
	for _, r := range reports {
		file := filepath.Join(t.TempDir(), "results.json")
		if err := r.Write(file); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	whole, err := Merge(files...)
	if err != nil {
		t.Fatal(err)
	}
	document := whole.Markdown()
	for _, line := range []string{
		"`second`, with these settings beside `alertFor` and `alertKeepFiringFor` of each alert: `slowInterval=2s`.",
		"- As it has to be: 1 of 3 faults.",
		"- Notifications for a fault: 1 in the median, 1 at most.",
		"| `hung`: it is hung | [Down](../mixin/runbooks/KubeVitalsDown.md) | 0.4 s | 11 s | 2 s | 1:<br>Down | TargetMissing | as it has to be |",
		"| `gone` |  |  |  |  |  |  | not tried: no lab |",
		"**Down ends late** |",
		"| `hung` | [TargetMissing](../mixin/runbooks/KubeVitalsTargetMissing.md) | 2 | 60 s | - | consequence, inhibited |",
		"| one and other | Down 5 s | 1:<br>Down | as it has to be |",
	} {
		if !strings.Contains(document, line) {
			t.Errorf("the document lacks %s", line)
		}
	}
	if strings.Contains(document, "99 s") {
		t.Error("what was played again is still there")
	}
	if bad := strings.Join(whole.Bad(), ","); bad != "gone,later" {
		t.Errorf("not as they have to be are %s", bad)
	}
	if t.Failed() {
		t.Log(document)
	}
}
