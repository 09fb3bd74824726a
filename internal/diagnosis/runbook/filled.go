package runbook

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/kubevitals/kubevitals/internal/terminal"
)

// Filled is a runbook whose commands bear the labels of one alert, as `kubevitals
// explain -o json` prints it.
type Filled struct {
	// Name of the alert.
	Alert string `json:"alert"`
	// Its sections in their order: meaning, impact, diagnosis, mitigation.
	Sections []FilledSection `json:"sections"`
}

// FilledSection is a section of a runbook.
type FilledSection struct {
	// Heading in the language of the runbook.
	Heading string `json:"heading"`
	// Steps, and what stands before the first.
	Steps []FilledStep `json:"steps"`
}

// FilledStep is a numbered step, or with the number 0 what stands before the first.
type FilledStep struct {
	// Number of the step; 0 is what stands before the first.
	Number int `json:"number"`
	// Prose and commands in the order of the text.
	Parts []Part `json:"parts"`
	// Code spans of the prose.
	Code []string `json:"code,omitempty"`
}

// Fill puts the values of labels into the commands of the runbook. Placeholders
// without a value stay.
func (r *Runbook) Fill(labels map[string]string) Filled {
	f := Filled{Alert: r.Title, Sections: []FilledSection{}}
	for _, section := range r.Sections {
		s := FilledSection{Heading: section.Heading, Steps: []FilledStep{}}
		for _, step := range section.Steps {
			filled := FilledStep{Number: step.Number, Parts: []Part{}, Code: step.Spans}
			for _, part := range step.Parts {
				filled.Parts = append(filled.Parts, Part{Text: part.Text, Commands: Fill(part.Commands, labels)})
			}
			s.Steps = append(s.Steps, filled)
		}
		f.Sections = append(f.Sections, s)
	}
	return f
}

// Text writes the runbook for a terminal of that many columns; 0 means that lines are not
// wrapped. Commands are not
// wrapped, so that they can be pasted.
func (f Filled) Text(w io.Writer, columns int) error {
	var b strings.Builder
	b.WriteString(f.Alert + "\n")
	for _, section := range f.Sections {
		b.WriteString("\n" + strings.ToUpper(section.Heading) + "\n")
		for _, step := range section.Steps {
			step.write(&b, columns)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s FilledStep) write(b *strings.Builder, columns int) {
	lead, indent := "", ""
	if s.Number > 0 {
		lead = fmt.Sprintf("%d. ", s.Number)
		indent = strings.Repeat(" ", len(lead))
	}
	for _, part := range s.Parts {
		if part.Commands == "" {
			b.WriteString(terminal.Hang(lead, indent, plain(part.Text), columns))
			lead = indent
			continue
		}
		b.WriteString("\n")
		for line := range strings.Lines(part.Commands) {
			b.WriteString(strings.TrimRight(indent+"    "+line, " \n") + "\n")
		}
		b.WriteString("\n")
	}
}

// plain is Markdown without what only a renderer needs: a link becomes its text, which is
// the name of an alert and so of a runbook. Lines that ended in a Chinese sign of
// punctuation need no space between them.
func plain(markdown string) string {
	text := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(markdown, "$1")
	return regexp.MustCompile(`([，。、；：！？）」]) +`).ReplaceAllString(text, "$1")
}
