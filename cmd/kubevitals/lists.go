package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/common/version"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/terminal"
	"github.com/kubevitals/kubevitals/mixin"
)

// listing is how a list is printed.
type listing struct {
	output, language string
	width            wrapping
}

func (c *command) listCommands() {
	const noCluster = " No cluster is needed."
	a := c.app.Command(alertsName, "List all alerts, each with its severity, how long Prometheus waits before it fires, and what it means."+noCluster)
	a.Flag("language", "Language of the list, and of what alerts mean: en or zh-TW.").Default(report.English).EnumVar(&c.listing.language, report.English, report.Chinese)
	s := c.app.Command(signalsName, "List all signals: what is watched, with the alerts and metrics of each."+noCluster)
	v := c.app.Command(versionName, "Show the version and what it was built of.")
	c.outputFlag(a, &c.listing.output)
	c.outputFlag(s, &c.listing.output)
	c.outputFlag(v, &c.listing.output)
	c.listing.width.flag(a, "What is no terminal gets whole lines.")
	c.listing.width.flag(s, "What is no terminal gets whole lines.")
}

// listedAlert is an alert, as `kubevitals alerts -o json` prints it.
type listedAlert struct {
	// Name of the alert.
	Alert string `json:"alert"`
	// Severity of the alert.
	Severity string `json:"severity"`
	// How long Prometheus waits before the alert fires, such as 5m or 0s.
	For string `json:"for"`
	// Signal that the alert is about.
	Signal string `json:"signal"`
	// What the alert means, in one sentence of the language that was asked for.
	Summary string `json:"summary"`
	// Address of the runbook.
	RunbookURL string `json:"runbook_url"`
}

// listedSignal is a signal, as `kubevitals signals -o json` prints it.
type listedSignal struct {
	// Name of the signal, such as node_disk.
	Signal string `json:"signal"`
	// cluster, or node for what agents on nodes see; that about kubevitals itself has none.
	Scope string `json:"scope,omitempty"`
	// What the signal is about.
	Help string `json:"help"`
	// Names of its alerts.
	Alerts []string `json:"alerts"`
	// Names of its metrics.
	Metrics []string `json:"metrics"`
}

// builtOf is the version, as `kubevitals version -o json` prints it.
type builtOf struct {
	// Version of the program.
	Version string `json:"version"`
	// Commit that it was built of, or unknown.
	Revision string `json:"revision"`
	// Version of Go that built it.
	GoVersion string `json:"go_version"`
	// Operating system and architecture, such as linux/amd64.
	Platform string `json:"platform"`
}

// alerts are all alerts, with what they mean in a language.
func alerts(language string) ([]listedAlert, error) {
	rules, err := diagnosis.AlertRules()
	if err != nil {
		return nil, err
	}
	summaries := map[string]string{}
	if language != report.English {
		if summaries, err = mixin.Summaries(language); err != nil {
			return nil, err
		}
	}
	all := []listedAlert{}
	for _, a := range rules.Alerts() {
		one := listedAlert{Alert: a.Name, Severity: a.Severity, For: a.For, Signal: a.Signal, Summary: a.Summary, RunbookURL: a.RunbookURL}
		if text := summaries[a.Name]; text != "" {
			one.Summary = text
		}
		all = append(all, one)
	}
	return all, nil
}

// signals are all signals in the order of the catalogue, and last that of kubevitals
// itself.
func signals() ([]listedSignal, error) {
	list, err := alerts(report.English)
	if err != nil {
		return nil, err
	}
	all := []listedSignal{}
	for _, d := range collectors.Catalogue() {
		one := listedSignal{Signal: d.Name, Scope: string(d.Scope), Help: d.Help, Alerts: []string{}, Metrics: []string{}}
		for _, m := range d.Metrics {
			one.Metrics = append(one.Metrics, m.Name)
		}
		all = append(all, one)
	}
	for _, a := range list {
		i := slices.IndexFunc(all, func(s listedSignal) bool { return s.Signal == a.Signal })
		if i < 0 {
			i = len(all)
			all = append(all, listedSignal{Signal: a.Signal, Help: "What kubevitals itself cannot see, and whether it runs.", Metrics: []string{}})
		}
		all[i].Alerts = append(all[i].Alerts, a.Alert)
	}
	return all, nil
}

// runAlerts prints all alerts.
func (c *command) runAlerts() error {
	all, err := alerts(c.listing.language)
	if err != nil {
		return err
	}
	return c.list(all, func(line func(lead, text string)) {
		for _, a := range all {
			line("", a.Alert)
			line("  ", report.Traits(c.listing.language, a.Severity, a.For, a.Signal))
			line("  ", a.Summary)
			line("  ", a.RunbookURL)
		}
	})
}

// runSignals prints all signals.
func (c *command) runSignals() error {
	all, err := signals()
	if err != nil {
		return err
	}
	return c.list(all, func(line func(lead, text string)) {
		for _, s := range all {
			title := s.Signal
			if s.Scope == string(collectors.Node) {
				title += " (of agents on nodes)"
			}
			line("", title)
			line("  ", s.Help)
			line("  ", "alerts: "+strings.Join(s.Alerts, ", "))
			if len(s.Metrics) > 0 {
				line("  ", "metrics: "+strings.Join(s.Metrics, ", "))
			}
		}
	})
}

// list prints a value as JSON, or as a text whose lines are wrapped below their lead.
func (c *command) list(value any, text func(line func(lead, text string))) error {
	if c.listing.output == "json" {
		return report.Object(c.stdout, value)
	}
	columns, err := c.listing.width.of(c.stdout, 0)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	var b strings.Builder
	text(func(lead, text string) {
		b.WriteString(terminal.Hang(lead, strings.Repeat(" ", len(lead)), text, columns))
	})
	_, err = io.WriteString(c.stdout, b.String())
	return err
}

// runVersion prints the version, in text as --version does.
func (c *command) runVersion() error {
	if c.listing.output != "json" {
		_, err := fmt.Fprintln(c.stdout, version.Print("kubevitals"))
		return err
	}
	return report.Object(c.stdout, builtOf{version.Version, version.GetRevision(), version.GoVersion, runtime.GOOS + "/" + runtime.GOARCH})
}
