package diagnosis

import (
	"fmt"
	"io/fs"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
	"github.com/kubevitals/kubevitals/mixin"
)

// AlertRules are the rules that are part of this program, which tell of each object
// however many there are. Parsing them takes memory, which whoever needs none of them
// should not spend.
func AlertRules() (*ruleeval.Rules, error) {
	file, err := fs.ReadFile(mixin.Files(), "generated/alerts-each.yaml")
	if err != nil {
		return nil, fmt.Errorf("alerting rules: %w", err)
	}
	return ruleeval.Parse(file)
}

// Causes are what explains what, among the alerts that are part of this program.
func Causes() (*incident.Graph, error) {
	file, err := fs.ReadFile(mixin.Files(), "generated/causes.json")
	if err != nil {
		return nil, fmt.Errorf("graph of causes: %w", err)
	}
	return incident.Parse(file)
}

// FirstCommands is what the runbook of an alert says to run first, with the labels
// filled in. It is empty for an alert that has no runbook in this program.
func FirstCommands(alert string, labels map[string]string) string {
	text, err := mixin.Runbook("en", alert)
	if err != nil {
		return ""
	}
	parsed, err := runbook.Parse(text)
	if err != nil {
		return ""
	}
	return runbook.Fill(parsed.Opening(), labels)
}

// Onsets are the names of the metrics of this program that hold since when something
// has been wrong.
func Onsets() []string {
	var names []string
	for _, d := range collectors.OnsetTimestamps() {
		names = append(names, d.Name)
	}
	return names
}
