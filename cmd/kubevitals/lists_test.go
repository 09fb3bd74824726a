package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/terminal"
)

// TestLists verifies that the lists have all that there is, in text and JSON, and that
// lines fit.
func TestLists(t *testing.T) {
	t.Parallel()
	var alerts []listedAlert
	_, out, _ := runProgram(t, "alerts", "-o", "json")
	if err := json.Unmarshal([]byte(out), &alerts); err != nil || len(alerts) < 100 {
		t.Fatalf("%v, %d alerts", err, len(alerts))
	}
	_, text, _ := runProgram(t, "alerts")
	_, chinese, _ := runProgram(t, "alerts", "--language=zh-TW")
	for _, a := range alerts {
		if a.Alert == "" || a.Severity == "" || a.For == "" || a.Signal == "" || a.Summary == "" || !strings.HasSuffix(a.RunbookURL, a.Alert+".md") {
			t.Errorf("something is missing of %+v", a)
		}
		if !strings.Contains(text, a.Alert+"\n  "+a.Severity+", ") || !strings.Contains(text, a.Summary) || strings.Contains(chinese, a.Summary) {
			t.Errorf("%s is not in the text, or not translated", a.Alert)
		}
		if strings.Contains(chinese, ", signal "+a.Signal) || !strings.Contains(chinese, "告警，訊號 "+a.Signal) {
			t.Errorf("what %s is about is not translated", a.Alert)
		}
	}
	var signals []listedSignal
	_, out, _ = runProgram(t, "signals", "-o", "json")
	if err := json.Unmarshal([]byte(out), &signals); err != nil {
		t.Fatal(err)
	}
	listed := 0
	for _, s := range signals {
		listed += len(s.Alerts)
		if s.Help == "" || len(s.Alerts) == 0 || len(s.Metrics) == 0 && s.Signal != "exporter" {
			t.Errorf("something is missing of %+v", s)
		}
	}
	if listed != len(alerts) {
		t.Errorf("signals have %d alerts, and there are %d", listed, len(alerts))
	}
	for _, args := range [][]string{{"alerts"}, {"signals"}, {"alerts", "--language=zh-TW"}} {
		_, out, _ := runProgram(t, append(args, "--width=60")...)
		for line := range strings.Lines(out) {
			if line = strings.TrimRight(line, "\n"); terminal.Columns(line) > 60 && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("%v: %q does not fit", args, line)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	_, flag, _ := runProgram(t, "--version")
	code, text, _ := runProgram(t, "version")
	if code != exitOK || text != flag || text == "" {
		t.Errorf("exit code %d, version prints %q and --version %q", code, text, flag)
	}
	_, out, _ := runProgram(t, "version", "-o", "json")
	var v map[string]string
	if err := json.Unmarshal([]byte(out), &v); err != nil || !strings.HasPrefix(v["go_version"], "go1.") || !strings.Contains(v["platform"], "/") {
		t.Errorf("%v: %s", err, out)
	}
}
