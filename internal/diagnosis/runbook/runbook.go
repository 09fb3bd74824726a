// Package runbook reads the runbooks of alerts: what they say step by step, the
// commands of each step, and those commands with the labels of an alert in the
// place of their placeholders.
package runbook

import (
	"slices"
	"strings"
)

// Diagnosis is the heading of the section whose commands only look.
const Diagnosis = "Diagnosis"

// Runbook is one runbook.
type Runbook struct {
	// Title is its first heading, which is the name of the alert.
	Title    string
	Sections []Section
}

// Section is what stands between two headings of the second level.
type Section struct {
	// Heading is that of the section, such as Diagnosis.
	Heading string
	// Steps are its numbered steps in order. What stands before the first of
	// them is a step with the number 0.
	Steps []Step
}

// Step is a numbered step with everything up to the next one.
type Step struct {
	Number int
	// Parts are its paragraphs, rows of tables and blocks of commands, in order.
	Parts []Part
	// Spans are the code spans of its prose.
	Spans []string
}

// Part is prose or a block of commands.
type Part struct {
	// A paragraph, an entry of a list or a row of a table with a | between its cells, in
	// Markdown on one line; empty for commands.
	Text string `json:"text,omitempty"`
	// A block of shell commands that ends with a newline; empty for prose.
	Commands string `json:"commands,omitempty"`
}

// Command is one block of shell commands, and where it stands.
type Command struct {
	Section string
	// Step is the number of the step, or 0 before the first.
	Step   int
	Script string
}

// Commands returns all blocks of shell commands in the order of the text.
func (r *Runbook) Commands() []Command {
	var all []Command
	for _, section := range r.Sections {
		for _, step := range section.Steps {
			for _, part := range step.Parts {
				if part.Commands != "" {
					all = append(all, Command{Section: section.Heading, Step: step.Number, Script: part.Commands})
				}
			}
		}
	}
	return all
}

// Opening returns what a reader runs first: the commands of the diagnosis that
// set variables, and those of the first step that has any. It is empty when the
// runbook has no commands there.
func (r *Runbook) Opening() string {
	var b strings.Builder
	for _, command := range r.Commands() {
		if command.Section != Diagnosis {
			continue
		}
		first := command.Step
		if first > 0 {
			return b.String() + r.scripts(first)
		}
		b.WriteString(command.Script)
	}
	return b.String()
}

// scripts returns the commands of one step of the diagnosis.
func (r *Runbook) scripts(step int) string {
	var b strings.Builder
	for _, command := range r.Commands() {
		if command.Section == Diagnosis && command.Step == step {
			b.WriteString(command.Script)
		}
	}
	return b.String()
}

// Placeholders returns the names of all placeholders of the commands, sorted and
// once each.
func (r *Runbook) Placeholders() []string {
	var names []string
	for _, command := range r.Commands() {
		names = append(names, Placeholders(command.Script)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
