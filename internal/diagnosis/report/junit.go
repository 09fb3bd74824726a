package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
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

// JUnit writes one test case for each alert, which fails where the alert holds and is
// skipped where this look cannot tell, and one in error for each source that could
// not be read.
func (r *Result) JUnit(w io.Writer) error {
	suite := junitSuite{Name: "kubevitals check " + plain(r.Cluster), Timestamp: r.At.UTC().Format(time.RFC3339)}
	causes := map[string]Cause{}
	for _, c := range r.Causes {
		causes[c.Alert] = c
	}
	for _, alert := range r.Evaluated {
		one := junitCase{Class: "kubevitals", Name: alert}
		if c, ok := causes[alert]; ok {
			one.Failure = &junitMessage{Message: plain(c.Summary), Type: c.Severity, Text: r.failureText(c)}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, one)
	}
	skip := func(class, name, message string) {
		suite.Cases = append(suite.Cases, junitCase{Class: class, Name: name, Skipped: &junitMessage{Message: message}})
		suite.Skipped++
	}
	for _, alert := range r.Unseen {
		skip("kubevitals", alert, "what it is about could not be read")
	}
	for _, signal := range slices.Sorted(maps.Keys(r.NotLookedAt)) {
		for _, alert := range r.NotLookedAt[signal] {
			skip("kubevitals", alert, "not looked at here")
		}
	}
	for _, alert := range r.Reaching {
		if !slices.Contains(r.Evaluated, alert) {
			skip("kubevitals", alert, "looks further back than a check")
		}
	}
	for _, b := range r.Blind {
		suite.Cases = append(suite.Cases, junitCase{
			Class: "kubevitals." + b.Kind, Name: b.Name,
			Error: &junitMessage{Message: "could not be read: " + b.Reason, Type: b.Reason, Text: plain(b.Detail)},
		})
		suite.Errors++
	}
	for _, b := range r.Absent {
		skip("kubevitals."+b.Kind, b.Name, "not there")
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

func (r *Result) failureText(c Cause) string {
	var b strings.Builder
	for _, f := range c.Findings {
		b.WriteString(plain(f.Description) + early(f) + "\n")
		if f.Detail != "" {
			b.WriteString(plain("  "+f.Detail) + "\n")
		}
		for _, e := range f.Evidence {
			b.WriteString(plain("  "+measured(r.values(), e)) + "\n")
		}
	}
	return b.String() + "\n" + c.Commands
}
