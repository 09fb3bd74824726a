// Package report writes the result of a diagnosis for people, for programs and for
// CI systems.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/humanize"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

const (
	// mostFindings bounds the findings of one alert that a person is shown.
	mostFindings = 10
	// mostEvidence bounds the samples that are shown of one finding.
	mostEvidence = 5
	// mostNamed bounds the alerts that are named of which nothing can be told.
	mostNamed = 3
	// mostDetails bounds the errors that are shown of one reason.
	mostDetails = 3
)

// Style is how a result is written for people.
type Style struct {
	// Colour paints severities and what matters most.
	Colour bool
	// Columns is where words go on in the next line; commands and addresses, which are
	// copied, do not. 0 means never.
	Columns int
	// Unfold writes what only follows from other incidents in full, too.
	Unfold bool
	// Language is Chinese, or English where it is empty. Alerts and incidents are in the
	// language that the result has them in.
	Language string
	// Brief leaves out the details of incidents.
	Brief bool
}

// Text writes a result for people: what is wrong in a line each, then each cause with its
// evidence and first commands, then what the result does not tell of.
func Text(w io.Writer, r *diagnosis.Result, style Style) error {
	p := printerOf(style, r.At)
	p.text("", "1", fmt.Sprintf("%s, %s", r.Cluster, r.At.UTC().Format("2006-01-02 15:04:05 MST")))
	if r.TakenFrom != "" {
		p.text("", "", p.say("The time is that of the dump, by %s.", p.say(r.TakenFrom)))
	}
	p.overview(r.Incidents)
	if !p.Brief {
		p.details(r)
	}
	p.line("")
	p.text("", "1", p.summary(r))
	p.unavailable(r.Unavailable, r.Absent)
	for _, remark := range p.remarks(r) {
		p.text("", "", remark)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	Style
	words
	b      strings.Builder
	values humanize.Reader
}

// printerOf writes values as of a time.
func printerOf(style Style, at time.Time) *printer {
	spoken := humanize.English()
	if style.Language == Chinese {
		spoken = humanize.Chinese()
	}
	return &printer{Style: style, words: wordsOf(style.Language), values: humanize.Reader{Words: spoken, Now: at}}
}

// line writes one line as it is.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.b, format+"\n", args...)
}

// text writes a text after a lead, and below each other what does not fit in one line,
// painted with a code of the terminal if there is one. What comes from the cluster cannot
// steer a terminal.
func (p *printer) text(lead, code, text string) {
	p.after(lead, terminal.Columns(lead), code, text)
}

// after is text for a lead that bears colours, and so takes fewer columns than it has
// characters.
func (p *printer) after(lead string, columns int, code, text string) {
	for _, line := range p.wrapped(columns, text) {
		p.line("%s%s", lead, p.paint(code, line))
		lead = strings.Repeat(" ", columns)
	}
}

// wrapped parts a text into the lines that it takes beside what stands before it.
func (p *printer) wrapped(before int, text string) []string {
	if p.Columns == 0 {
		return []string{plain(text)}
	}
	return terminal.Wrap(plain(text), max(p.Columns-before, 1))
}

func plain(text string) string { return humanize.Printable(text) }

func (p *printer) paint(code, text string) string {
	if !p.Colour || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p *printer) severity(severity string) string {
	codes := map[string]string{"critical": "1;31", "warning": "1;33", "info": "1;36"}
	return p.paint(codes[severity], p.say(strings.ToUpper(severity)))
}

// unavailable says what could not be read, by reason.
func (p *printer) unavailable(all, absent []diagnosis.Unavailable) {
	if len(all) == 0 {
		return
	}
	groups, waiting := byReason(all, absent)
	p.line("%s", p.say("Could not be read:"))
	for _, g := range groups {
		p.text("  ", "", p.reason(g))
		for _, d := range g.details[:min(len(g.details), mostDetails)] {
			p.text("      ", "2", d)
		}
		if more := len(g.details) - mostDetails; more > 0 {
			p.text("      ", "", p.say("and %d more, which -o json tells", more))
		}
	}
	if names := p.names(waiting); names != "" {
		p.text("  ", "", p.say("without a source: %s", names))
	}
}
