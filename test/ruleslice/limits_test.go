package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// limitedBy is what is told of the tests that follow from formTest by some limits.
func limitedBy(t *testing.T, limits string) (string, error) {
	t.Helper()
	from, to := formSource(t, formTest, "{}"), filepath.Join(t.TempDir(), "to")
	file := filepath.Join(from, "limits.yaml")
	if err := os.WriteFile(file, []byte("limits: ["+limits+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(to, true, known{list: filepath.Join(from, "list.yaml"), limits: file}, []string{filepath.Join(from, "a.yaml")}); err != nil {
		return "", err
	}
	return told(t, filepath.Join(to, "a.yaml")), nil
}

// TestLimits verifies which values are at a limit, and which are the next that fire.
func TestLimits(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string][2]string{
		`{alert: Ill, of: kubevitals_ill, fires: above 4}`:                                 {"4.000004x3", "4x3"},
		`{alert: Ill, of: kubevitals_ill, fires: from 4}`:                                  {"4x3", "3.999996x3"},
		`{alert: Ill, of: 'kubevitals_ill{node="n1"}', fires: below 0.5}`:                  {"0.499999x3", "0.5x3"},
		`{alert: Ill, of: kubevitals_ill, fires: up to 0}`:                                 {"0x3", "1e-06x3"},
		`{alert: Ill, of: kubevitals_seen_timestamp_seconds, fires: older than 1h}`:        {"-3601 -3541", "-3600 -3540"},
		`{alert: Ill, of: 'kubevitals_seen_timestamp_seconds', fires: younger than 1m}`:    {"-59 1", "-60 0"},
		`{alert: Ill, of: 'kubevitals_seen_timestamp_seconds', fires: due within 1m}`:      {"59 119", "60 120"},
		`{alert: Ill, of: 'kubevitals_seen_timestamp_seconds', fires: due up to 2m}`:       {"120 180", "121 181"},
		`{alert: Ill, of: 'kubevitals_ill{cluster="a"}', fires: above 4000000, waits: 1m}`: {"4.000004e+06x3", "4e+06x3"},
	} {
		got, err := limitedBy(t, limit)
		if err != nil {
			t.Fatalf("%s: %v", limit, err)
		}
		got = section(got, "it fires: Ill fires")
		for cluster, values := range map[string]string{"fires": want[0], "silent": want[1]} {
			found := false
			for line := range strings.Lines(got) {
				found = found || strings.Contains(line, `cluster="`+cluster+`"`) && strings.HasSuffix(line, "} "+values+"\n")
			}
			if !found {
				t.Errorf("%s: no series of the cluster %s has %q:\n%s", limit, cluster, values, got)
			}
		}
		waits := strings.Contains(got, `"eval_time":"0s","exp_samples":null`) && strings.Contains(got, `"eval_time":"1m"`)
		if waits != strings.Contains(limit, "waits") {
			t.Errorf("%s: what it waits for is asked: %t", limit, waits)
		}
	}
}

// TestLasts verifies the moments between which an alert is said to fire.
func TestLasts(t *testing.T) {
	t.Parallel()
	const fires, silent = `"exp_samples":[{"labels":`, `"exp_samples":null`
	for limit, want := range map[string][]string{
		`{alert: Ill, waits: 1m}`:            {"Ill waits for 1m from 0s on\n", `{"eval_time":"1m",` + fires, `{"eval_time":"0s",` + silent},
		`{alert: Ill, waits: 5m, since: 2m}`: {"Ill waits for 5m from 2m on\n", `{"eval_time":"7m",` + fires, `{"eval_time":"6m",` + silent},
		`{alert: Ill, keeps: 5m}`:            {"Ill goes on for 5m\n", `0 1x1 stale`, `{"eval_time":"7m",` + fires, `{"eval_time":"8m",` + silent},
	} {
		got, err := limitedBy(t, limit)
		if err != nil {
			t.Fatalf("%s: %v", limit, err)
		}
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: there is no %s in:\n%s", limit, text, got)
			}
		}
	}
}

// TestLimitsThatAreWrong verifies that no limit is left untested without a word.
func TestLimitsThatAreWrong(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string]string{
		`{alert: Ill, of: kubevitals_gone, fires: above 4}`:                  "Ill is said to fire above 4 of kubevitals_gone",
		`{alert: Well, of: kubevitals_ill, fires: above 4}`:                  "Well is said to fire",
		`{alert: Ill, of: 'kubevitals_ill{node="n2"}', fires: above 4}`:      "and no test gives that",
		`{alert: Ill, of: kubevitals_ill, fires: over 4}`:                    `"over 4" says nothing that is known`,
		`{alert: Ill, of: kubevitals_ill, fires: above}`:                     `"above" says nothing that is known`,
		`{alert: Ill, of: kubevitals_ill, fires: above 5m}`:                  "invalid syntax",
		`{alert: Ill, of: kubevitals_ill, fires: older than 60}`:             "duration",
		`{alert: Ill, of: 'kubevitals_ill{', fires: above 4}`:                "limit of Ill",
		`{alert: Ill, of: kubevitals_ill, fires: above 4, waits: "a while"}`: "duration",
		`{alert: Well, waits: 5m}`:                                           "Well is said to fire",
		`{alert: Ill}`:                                                       `"" says nothing that is known`,
	} {
		if _, err := limitedBy(t, limit); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is told as %v, want %q", limit, err, want)
		}
	}
}
