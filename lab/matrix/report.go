package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/lab/results"
)

// Report is what a campaign came to.
type Report struct {
	// Command is what others would type to get the same.
	Command string `json:"command"`
	// Remark says under which circumstances it was, if they matter.
	Remark string `json:"remark,omitempty"`
	// Settings are those that shorten the rules, but for those of single alerts; Alerts is
	// the number of all alerts.
	Settings []string `json:"settings"`
	Alerts   int      `json:"alerts"`
	Results  []Result `json:"results"`
	Pairs    []Result `json:"pairs,omitempty"`
}

// ReadReport reads what Write wrote.
func ReadReport(file string) (Report, error) { return results.Read[Report](file) }

// Write writes the report as JSON.
func (r Report) Write(file string) error { return results.Write(file, r) }

// Bad are the names of the cases that are not as they have to be.
func (r Report) Bad() []string {
	var names []string
	for _, result := range slices.Concat(r.Results, r.Pairs) {
		if !result.Good() {
			names = append(names, result.Case)
		}
	}
	return names
}

// Line is the result as one line of progress.
func (r Result) Line() string {
	if r.Error != "" {
		return r.Case + ": not tried: " + r.Error
	}
	var fired []string
	for _, c := range r.Causes {
		fired = append(fired, fmt.Sprintf("%s seen %s, fired %s, resolved %s", brief(c.Alert), text(c.Seen), text(c.Fired), text(c.Resolved)))
	}
	var told []string
	for _, n := range r.Notifications {
		told = append(told, "["+briefAll(n)+"]")
	}
	verdict := "good"
	if !r.Good() {
		verdict = "FAULTY: " + strings.Join(r.Faulty, "; ")
	}
	return fmt.Sprintf("%s: %s; %d notifications %s; %s", r.Case, strings.Join(fired, "; "), len(r.Notifications), strings.Join(told, " "), verdict)
}

func briefAll(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, brief(n))
	}
	return strings.Join(all, ", ")
}

// text is a number of seconds, or a dash.
func text(s *float64) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f s", *s)
}

// quantile is the value below which that share of them is; it sorts them.
func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return values[min(len(values)-1, int(q*float64(len(values))))]
}
