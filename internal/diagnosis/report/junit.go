package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

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

// JUnit writes one test case that fails for each incident, one that passes for each alert
// that does not fire, one that is skipped for each of which this look cannot tell, and
// one in error for each source that could not be read.
func JUnit(w io.Writer, r *diagnosis.Result) error {
	suite := &junitSuite{Name: "kubevitals check " + plain(r.Cluster), Timestamp: r.At.UTC().Format(time.RFC3339)}
	suite.addEvaluated(r)
	suite.addSkipped(r.Coverage)
	for _, u := range r.Unavailable {
		suite.Cases = append(suite.Cases, junitCase{
			Class: class + "." + u.Kind, Name: u.Name,
			Error: &junitMessage{Message: "could not be read: " + u.Reason, Type: u.Reason, Text: plain(u.Detail)},
		})
		suite.Errors++
	}
	for _, u := range r.Absent {
		suite.skip(class+"."+u.Kind, u.Name, "not there")
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

// class is that of the test cases of alerts.
const class = "kubevitals"

func (s *junitSuite) addEvaluated(r *diagnosis.Result) {
	for _, one := range r.Incidents {
		s.Cases = append(s.Cases, junitCase{
			Class: class, Name: plain(named(one.Cause)),
			Failure: &junitMessage{Message: plain(one.Summary), Type: one.Severity, Text: failureText(r, one)},
		})
		s.Failures++
	}
	for _, alert := range r.Coverage.Evaluated {
		if !slices.ContainsFunc(r.Alerts, func(a diagnosis.FiringAlert) bool { return a.Alert == alert }) {
			s.Cases = append(s.Cases, junitCase{Class: class, Name: alert})
		}
	}
}

func (s *junitSuite) addSkipped(c diagnosis.Coverage) {
	for _, alert := range c.Unavailable {
		s.skip(class, alert, "what it is about could not be read")
	}
	for _, signal := range slices.Sorted(maps.Keys(c.Disabled)) {
		for _, alert := range c.Disabled[signal] {
			s.skip(class, alert, "not looked at here")
		}
	}
	for _, alert := range c.InsufficientHistory {
		s.skip(class, alert, "looks further back than a check")
	}
}

func (s *junitSuite) skip(class, name, message string) {
	s.Cases = append(s.Cases, junitCase{Class: class, Name: name, Skipped: &junitMessage{Message: message}})
	s.Skipped++
}

// failureText tells of the cause of an incident and of what follows from it, and what to
// run first.
func failureText(r *diagnosis.Result, one incident.Incident) string {
	var b strings.Builder
	more := max(0, len(one.Consequences)-mostFindings)
	for i, m := range append([]incident.Member{one.Cause}, one.Consequences[:len(one.Consequences)-more]...) {
		if i == 1 {
			b.WriteString("\nLikely consequences:\n")
		}
		f := m.Finding
		b.WriteString(plain(m.Alert+": "+f.Description) + words(nil).projected(f) + "\n")
		if f.Detail != "" {
			b.WriteString(plain("  "+f.Detail) + "\n")
		}
		for _, e := range ruleeval.First(f.Evidence, mostEvidence) {
			b.WriteString(plain("  "+measured(printerOf(Style{}, r.At).values, e)) + "\n")
		}
	}
	if more > 0 {
		fmt.Fprintf(&b, "and %d more, which -o json names\n", more)
	}
	for _, a := range r.Alerts {
		if a.Alert == one.Cause.Alert {
			return b.String() + "\n" + a.Commands
		}
	}
	return b.String()
}
