package chaos

import (
	"os"
	"os/exec"
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
		looks = append(looks, look{at: begin.Add(time.Duration(i+1) * time.Second), verdicts: map[Topic]Verdict{Nodes: v, Pods: Right}})
	}
	return looks
}

// TestFigures verifies how what was seen becomes figures.
func TestFigures(t *testing.T) {
	t.Parallel()
	never := Seconds(-1)
	idle := &subject{cmd: &exec.Cmd{Process: &os.Process{}}}
	for _, c := range []struct {
		verdicts                      string
		healed                        int // seconds after the fault
		stale, total, told, recovered Seconds
		good                          bool
	}{
		{"rrrrrrrr", 4, 0, 0, never, 0, true},
		{"rrssstttttrrr", 9, 3, 3, 6, 2, true},
		{"rssrsrrr", 4, 4, 3, never, 2, true},  // a moment does not end it
		{"rsstttttssrrr", 4, 2, 4, 4, 7, true}, // the second time is counted alone
		{strings.Repeat("s", 30) + "rrr", 20, 30, 30, never, 11, true},
		{strings.Repeat("s", 31) + "rrr", 20, 31, 31, never, 12, false}, // never told
		{strings.Repeat("s", 31) + "trrr", 20, 31, 31, 32, 13, false},   // told too late
		{strings.Repeat("s", 46) + "trrr", 30, 46, 46, 47, 18, false},
		{"rttttttttttttttttttttrrr", 4, 0, 0, 2, 18, false}, // well again too late
		{"rsss", 2, 3, 3, never, never, false},
	} {
		begin := time.Now()
		o := &observer{stage: &stage{}, subject: idle, truth: facts{Nodes: nil, Pods: nil}, looks: at(begin, c.verdicts), brokenAt: begin, healedAt: begin.Add(time.Duration(c.healed) * time.Second)}
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
	of := func(nodes map[string]int64, pending int64) facts {
		return facts{Nodes: nodes, Pods: {"a": pending}}
	}
	before, after := of(map[string]int64{"a": 1}, 1), of(map[string]int64{"a": 0}, 2)
	both := map[Topic]bool{Nodes: true, Pods: true}
	for name, c := range map[string]struct {
		r           reading
		nodes, pods Verdict
	}{
		"as before":        {reading{facts: before}, Right, Right},
		"as after":         {reading{facts: after}, Right, Right},
		"a deleted node":   {reading{facts: of(map[string]int64{"a": 1, "b": 1}, 1)}, Stale, Right},
		"a node unknown":   {reading{facts: of(map[string]int64{}, 3)}, Stale, Stale},
		"blind":            {reading{facts: of(nil, 0), blind: both}, Told, Told},
		"half of it blind": {reading{facts: of(nil, 0), blind: map[Topic]bool{Nodes: true}}, Told, Stale},
	} {
		if got := judge(c.r, before, after); got[Nodes] != c.nodes || got[Pods] != c.pods || len(got) != 2 {
			t.Errorf("%s: %v, want %s and %s", name, got, c.nodes, c.pods)
		}
	}
}

// TestTrials verifies that names are unique and can be names of objects.
func TestTrials(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	all := append(Trials(), Random(1, 3)...)
	if got := len(pairs(all)); got != 8 {
		t.Errorf("%d pairs: one of them names a trial that is none", got)
	}
	for _, trial := range all {
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

// TestUpdateTable verifies that only the rows of the trials that were played change,
// that what the peer came to stays, and that new trials are added.
func TestUpdateTable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "doc.md")
	peer := Result{Fault: "x"}
	all := Report{Command: "command", Results: []Result{
		{Fault: "refuse", What: "nothing listens", Peer: &peer}, {Fault: "refuse-not", What: "all is well", Good: true, Peer: &peer},
	}}
	if err := os.WriteFile(file, []byte(tableBegins+"\n"+tableEnds), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := all.ReplaceTable(file); err != nil {
		t.Fatal(err)
	}
	some := Report{Command: "another", Results: []Result{{Fault: "refuse", What: "nothing listens", Good: true}, {Fault: "new", What: "new"}}}
	if err := some.UpdateTable(file); err != nil {
		t.Fatal(err)
	}
	all.Results[0].Good = true
	all.Results = append(all.Results, Result{Fault: "new", What: "new"})
	want := tableBegins + "\n`command`:\n\n" + all.Markdown() + tableEnds
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
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
