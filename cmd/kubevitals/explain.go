package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
	"github.com/kubevitals/kubevitals/mixin"
)

const explainHelp = `Print the runbook of an alert with the names of what is ill in its commands:

  kubevitals explain KubeVitalsNodeNotReady node=worker-1

Labels are those of the alert; a placeholder whose label is not given stays.
Without an alert it lists all of them. No cluster is needed.

Exit codes: 0 done; 2 no such alert, or a bad label.`

// explaining is which runbook is printed, and how.
type explaining struct {
	alert, language, output string
	labels                  []string
	width                   wrapping
}

// runbookFolder is that of the runbooks in English.
const runbookFolder = "runbooks"

// textColumns is how wide the prose of a runbook is where there is no terminal.
const textColumns = 80

func (c *command) explainCommand() {
	e := c.app.Command(explainName, explainHelp)
	e.Arg("alert", "Name of the alert, as Prometheus has it.").HintAction(hintAlerts).StringVar(&c.explaining.alert)
	e.Arg("label", "Label of the alert, as NAME=VALUE; any number.").StringsVar(&c.explaining.labels)
	e.Flag("language", "Language of the runbook: en or zh-TW.").Default("en").EnumVar(&c.explaining.language, "en", "zh-TW")
	e.Flag("output", "Form of the runbook: text or json.").Short('o').Default("text").EnumVar(&c.explaining.output, "text", "json")
	c.explaining.width.flag(e, fmt.Sprintf("What is no terminal gets lines of %d.", textColumns))
}

// runExplain prints the runbook that was asked for.
func (c *command) runExplain() error {
	if c.explaining.alert == "" {
		folder := runbookFolder
		if c.explaining.language != "en" {
			folder = path.Join(folder, c.explaining.language)
		}
		return c.listRunbooks(folder)
	}
	labels := map[string]string{}
	for _, l := range c.explaining.labels {
		name, value, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return &exitError{exitUsage, fmt.Errorf("explain: %q is no label, write NAME=VALUE", l)}
		}
		labels[name] = value
	}
	text, err := mixin.Runbook(c.explaining.language, c.explaining.alert)
	if errors.Is(err, fs.ErrNotExist) {
		return &exitError{exitUsage, fmt.Errorf("explain: there is no alert %q; kubevitals explain lists all", c.explaining.alert)}
	}
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	parsed, err := runbook.Parse(text)
	if err != nil {
		return fmt.Errorf("explain %s: %w", c.explaining.alert, err)
	}
	filled := parsed.Fill(labels)
	if c.explaining.output == "json" {
		encoder := json.NewEncoder(c.stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(filled)
	}
	columns, err := c.explaining.width.of(c.stdout, textColumns)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	return filled.Text(c.stdout, columns)
}

// runbookNames are the names of all alerts that have a runbook in the folder.
func runbookNames(folder string) ([]string, error) {
	files, err := fs.Glob(mixin.Files(), path.Join(folder, "*.md"))
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(path.Base(f), ".md"))
	}
	return names, nil
}

// hintAlerts are the alerts that a shell may complete; none where they cannot be read.
func hintAlerts() []string {
	names, _ := runbookNames(runbookFolder)
	return names
}

// listRunbooks prints the names of all alerts that have a runbook.
func (c *command) listRunbooks(folder string) error {
	names, err := runbookNames(folder)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	if c.explaining.output == "json" {
		return json.NewEncoder(c.stdout).Encode(names)
	}
	_, err = fmt.Fprintln(c.stdout, strings.Join(names, "\n"))
	return err
}
