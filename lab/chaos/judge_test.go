package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// at makes the looks of one a second; each letter is a verdict on nodes: r, s or t.
func at(begin time.Time, verdicts string) []look {
	var looks []look
	for i, letter := range verdicts {
		v := map[rune]Verdict{'r': Right, 's': Stale, 't': Told}[letter]
		looks = append(looks, look{at: begin.Add(time.Duration(i+1) * time.Second), nodes: v, pods: Right})
	}
	return looks
}

// TestFigures verifies how what was seen becomes figures.
func TestFigures(t *testing.T) {
	t.Parallel()
	never := Seconds(-1)
	for _, c := range []struct {
		verdicts                      string
		healed                        int // seconds after the fault
		stale, total, told, recovered Seconds
		good                          bool
	}{
		{"rrrrrrrr", 4, 0, 0, never, 0, true},
		{"rrssstttttrrr", 9, 3, 3, 6, 2, true},
		{"rssrsrrr", 4, 4, 3, never, 2, true},                      // a moment does not end it
		{"rsstttttssrrr", 4, 2, 4, 4, 7, true},                     // the second time is counted alone
		{strings.Repeat("s", 8) + "rrr", 4, 8, 8, never, 5, false}, // never told
		{strings.Repeat("s", 46) + "trrr", 30, 46, 46, 47, 18, false},
		{"rttttttttttttttttttttrrr", 4, 0, 0, 2, 18, false}, // well again too late
		{"rsss", 2, 3, 3, never, never, false},
	} {
		begin := time.Now()
		o := &observer{stage: &stage{}, looks: at(begin, c.verdicts), brokenAt: begin, healedAt: begin.Add(time.Duration(c.healed) * time.Second)}
		r := o.result()
		if r.Stale != c.stale || r.StaleTotal != c.total || seconds(r.Told) != c.told || seconds(r.Recovered) != c.recovered || r.Good != c.good {
			t.Errorf("%s: stale %v of %v, told %v, recovered %v, good %v; want %v", c.verdicts, r.Stale, r.StaleTotal, seconds(r.Told), seconds(r.Recovered), r.Good, c)
		}
	}
}

func seconds(s *Seconds) Seconds {
	if s == nil {
		return -1
	}
	return *s
}

// TestJudge verifies what is right, stale and told.
func TestJudge(t *testing.T) {
	t.Parallel()
	of := func(ready map[string]bool, pending int) facts {
		return facts{ready: ready, pending: map[string]int{"a": pending}}
	}
	before, after := of(map[string]bool{"a": true}, 1), of(map[string]bool{"a": false}, 2)
	for name, c := range map[string]struct {
		r           reading
		nodes, pods Verdict
	}{
		"as before":        {reading{facts: before}, Right, Right},
		"as after":         {reading{facts: after}, Right, Right},
		"a deleted node":   {reading{facts: of(map[string]bool{"a": true, "b": true}, 1)}, Stale, Right},
		"a node unknown":   {reading{facts: of(map[string]bool{}, 3)}, Stale, Stale},
		"blind":            {reading{facts: of(nil, 0), blindNodes: true, blindPods: true}, Told, Told},
		"half of it blind": {reading{facts: of(nil, 0), blindNodes: true}, Told, Stale},
	} {
		if nodes, pods := judge(c.r, before, after); nodes != c.nodes || pods != c.pods {
			t.Errorf("%s: %s and %s, want %s and %s", name, nodes, pods, c.nodes, c.pods)
		}
	}
}

// TestTrials verifies that names are unique and can be names of objects.
func TestTrials(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, trial := range Trials() {
		if seen[trial.Name] || trial.What == "" || strings.ToLower(trial.Name) != trial.Name || strings.ContainsAny(trial.Name, "_ .") {
			t.Errorf("trial %q is there twice, says nothing, or cannot be a name", trial.Name)
		}
		seen[trial.Name] = true
	}
	if _, err := Select(Trials(), false, "no-such"); err == nil {
		t.Error("a trial that does not exist was selected")
	}
	got, err := Select(Trials(), true, "refuse,half-open")
	if err != nil || len(got) != 2 || got[1].Name != "half-open" {
		t.Errorf("selected %v, %v", got, err)
	}
}

// TestReplaceTable verifies that all but the table stays, and that it can be replaced again.
func TestReplaceTable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(file, []byte("before\n"+tableBegins+"\nOUTDATED\n"+tableEnds+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	report := Report{Command: "command", Results: []Result{{Fault: "refuse", What: "nothing listens"}}}
	for range 2 {
		if err := report.ReplaceTable(file); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	if !strings.HasPrefix(got, "before\n") || !strings.HasSuffix(got, "\nafter\n") || strings.Contains(got, "OUTDATED") || strings.Count(got, "`refuse`: nothing listens") != 1 {
		t.Errorf("got %s", got)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := report.ReplaceTable(file); err == nil {
		t.Error("a document without markers was written")
	}
}

// TestReport verifies that a report is read as it was written.
func TestReport(t *testing.T) {
	t.Parallel()
	told := Seconds(7.25)
	want := Report{Command: "command", Results: []Result{{Fault: "refuse", Figures: Figures{Stale: 3, Told: &told}, Good: true, After: Resources{Goroutines: 80}}}}
	file := filepath.Join(t.TempDir(), "results.json")
	if err := want.Write(file); err != nil {
		t.Fatal(err)
	}
	got, err := ReadReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.Markdown() != want.Markdown() || *got.Results[0].Told != 7.3 {
		t.Errorf("got %+v", got)
	}
}
