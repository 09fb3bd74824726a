package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/humanize"
)

const (
	// mostFindings bounds the findings of one cause that a person is shown.
	mostFindings = 10
	// mostDetails bounds the errors that are shown of one reason.
	mostDetails = 3
)

// Text writes the result for people, with colours if wanted.
func (r *Result) Text(w io.Writer, colour bool) error {
	p := &printer{colour: colour, values: r.values()}
	p.line("%s", p.bold(fmt.Sprintf("%s, %s", r.Cluster, r.At.UTC().Format("2006-01-02 15:04:05 MST"))))
	for _, c := range r.Causes {
		p.cause(c)
	}
	p.line("")
	p.line("%s", p.bold(r.verdictLine()))
	p.blind(r.Blind, r.Absent)
	p.absent(r.Absent)
	if len(r.Early) > 0 {
		p.line("Not for long enough to be an alert yet: %s; --stays=1h tells more.", strings.Join(r.Early, ", "))
	}
	if len(r.NotLookedAt) > 0 {
		p.line("Not looked at here: %s.", strings.Join(slices.Sorted(maps.Keys(r.NotLookedAt)), ", "))
	}
	if len(r.Unanswered) > 0 {
		p.line("Asked for, but this look cannot tell: %s.", strings.Join(r.Unanswered, ", "))
	}
	if len(r.Reaching) > 0 {
		p.line("Alerts that look further back than a check, for Prometheus to evaluate: %d.", len(r.Reaching))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	b      strings.Builder
	colour bool
	values humanize.Reader
}

// values writes values as of the time of the look.
func (r *Result) values() humanize.Reader {
	return humanize.Reader{Words: humanize.English(), Now: r.At}
}

// line writes one line; what comes from the cluster cannot steer a terminal.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.b, format+"\n", args...)
}

func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

func (p *printer) bold(text string) string { return p.paint("1", plain(text)) }

func (p *printer) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p *printer) cause(c Cause) {
	codes := map[string]string{"critical": "1;31", "warning": "1;33", "info": "1;36"}
	p.line("")
	p.line("%s %s", p.paint(codes[c.Severity], strings.ToUpper(c.Severity)), p.bold(c.Alert))
	p.line("  %s%s", plain(c.Summary), wait(c))
	for i, f := range c.Findings {
		if i == mostFindings {
			p.line("  - and %d more", len(c.Findings)-i)
			break
		}
		p.line("  - %s%s", plain(f.Description), early(f))
		if f.Detail != "" {
			p.line("      %s", plain(f.Detail))
		}
		for _, e := range f.Evidence {
			p.line("      %s", p.paint("2", plain(measured(p.values, e))))
		}
	}
	if c.Commands != "" {
		p.line("  Look first:")
		for line := range strings.Lines(c.Commands) {
			p.line("    %s", plain(strings.TrimRight(line, "\n")))
		}
	}
	p.line("  Runbook: %s", plain(c.Findings[0].RunbookURL))
}

// wait says how long the alert waits, which a text that says "for 5 minutes" takes
// for granted and one look does not.
func wait(c Cause) string {
	if c.For == "0s" {
		return ""
	}
	return " Prometheus tells after " + c.For + "."
}

// early marks what is no alert yet.
func early(f ruleeval.Finding) string {
	if f.Early {
		return " (Not for long enough to be an alert yet.)"
	}
	return ""
}

func measured(values humanize.Reader, e ruleeval.Evidence) string {
	return e.Series + " = " + values.Value(e.Metric, float64(e.Value))
}

// blind says what could not be read, by reason.
func (p *printer) blind(all, absent []Blind) {
	if len(all) == 0 {
		return
	}
	groups, waiting := grouped(all, absent)
	p.line("Could not be read:")
	for _, g := range groups {
		p.line("  %s: %s", g.reason, plain(g.names()))
		for _, d := range g.details[:min(len(g.details), mostDetails)] {
			p.line("      %s", p.paint("2", plain(d)))
		}
		if more := len(g.details) - mostDetails; more > 0 {
			p.line("      and %d more, which -o json tells", more)
		}
	}
	if names := waiting.names(); names != "" {
		p.line("  without a source: %s", plain(names))
	}
}

// absent names what the cluster or the dump does not have.
func (p *printer) absent(all []Blind) {
	if len(all) == 0 {
		return
	}
	var group unread
	for _, b := range all {
		group.add(b)
	}
	p.line("Not there: %s.", plain(group.names()))
}

// JSON writes the result as one object.
func (r *Result) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
