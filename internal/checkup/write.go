package checkup

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/kubevitals/kubevitals/internal/verdict"
)

// mostFindings bounds the findings of one cause that a person is shown.
const mostFindings = 10

// Text writes the result for people, with colours if wanted.
func (r *Result) Text(w io.Writer, colour bool) error {
	p := &printer{colour: colour}
	p.line("%s", p.bold(fmt.Sprintf("%s, %s", r.Cluster, r.At.UTC().Format("2006-01-02 15:04:05 MST"))))
	for _, c := range r.Causes {
		p.cause(c)
	}
	p.line("")
	p.line("%s", p.bold(r.verdictLine()))
	p.list("Could not be read", r.Blind)
	p.list("Not there", r.Absent)
	if len(r.Early) > 0 {
		p.line("Not for long enough to be an alert yet: %s; --stays=1h tells more.", strings.Join(r.Early, ", "))
	}
	if len(r.Reaching) > 0 {
		p.line("%d alerts look further back than this check does; Prometheus evaluates those.", len(r.Reaching))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	b      strings.Builder
	colour bool
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
		for _, e := range f.Evidence {
			p.line("      %s", p.paint("2", plain(measured(e))))
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
func early(f verdict.Finding) string {
	if f.Early {
		return " (Not for long enough to be an alert yet.)"
	}
	return ""
}

// measured is a sample as a person reads it: a time is no number.
func measured(e verdict.Evidence) string {
	if strings.HasSuffix(e.Metric, "_timestamp_seconds") {
		return e.Series + " = " + time.Unix(int64(e.Value), 0).UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("%s = %v", e.Series, e.Value)
}

func (p *printer) list(title string, blind []Blind) {
	if len(blind) == 0 {
		return
	}
	names := make([]string, 0, len(blind))
	for _, b := range blind {
		names = append(names, fmt.Sprintf("%s %s (%s)", b.Kind, b.Name, b.Reason))
	}
	p.line("%s: %s.", title, plain(strings.Join(names, ", ")))
}

// JSON writes the result as one object.
func (r *Result) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

type (
	junitSuite struct {
		XMLName   xml.Name    `xml:"testsuite"`
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitMessage `xml:"failure,omitempty"`
		Error   *junitMessage `xml:"error,omitempty"`
		Skipped *junitMessage `xml:"skipped,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes one test case for each alert, which fails where the alert holds,
// and one in error for each source that could not be read.
func (r *Result) JUnit(w io.Writer) error {
	suite := junitSuite{Name: "kubevitals check " + plain(r.Cluster), Timestamp: r.At.UTC().Format(time.RFC3339)}
	causes := map[string]Cause{}
	for _, c := range r.Causes {
		causes[c.Alert] = c
	}
	for _, alert := range r.Evaluated {
		one := junitCase{Class: "kubevitals", Name: alert}
		if c, ok := causes[alert]; ok {
			one.Failure = &junitMessage{Message: plain(c.Summary), Type: c.Severity, Text: failureText(c.Findings, c.Commands)}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, one)
	}
	for _, b := range r.Blind {
		suite.Cases = append(suite.Cases, junitCase{
			Class: "kubevitals." + b.Kind, Name: b.Name,
			Error: &junitMessage{Message: "could not be read: " + b.Reason, Type: b.Reason},
		})
		suite.Errors++
	}
	for _, b := range r.Absent {
		suite.Cases = append(suite.Cases, junitCase{
			Class: "kubevitals." + b.Kind, Name: b.Name, Skipped: &junitMessage{Message: "not there"},
		})
		suite.Skipped++
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func failureText(findings []verdict.Finding, commands string) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(plain(f.Description) + early(f) + "\n")
		for _, e := range f.Evidence {
			b.WriteString(plain("  "+measured(e)) + "\n")
		}
	}
	return b.String() + "\n" + commands
}
