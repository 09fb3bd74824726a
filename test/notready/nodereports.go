package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/collectors/nodecause"
)

// Report is what one bug report shows of a node that is not ready.
type Report struct {
	// Source is the address of the report.
	Source string `json:"source"`
	// Version and Runtime are those of the kubelet, as far as the report tells.
	Version string `json:"version"`
	Runtime string `json:"runtime"`
	// SeenIn is where the message stands in the report: the condition itself, or
	// the title, a pod's event or the kubelet's log, which quote it.
	SeenIn  string `json:"seenIn"`
	Ready   string `json:"ready"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Conditions are the other conditions that the report shows, by type.
	Conditions map[string]string `json:"conditions"`
	// Taints are the keys of the node's taints that the report shows.
	Taints []string `json:"taints"`
	// Expected is the cause, given before anything was scored.
	Expected nodecause.Cause `json:"expected"`
}

// Load reads a file of reports, and refuses unknown fields and causes.
func Load(file string) ([]Report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	var reports []Report
	if err := yaml.UnmarshalStrict(text, &reports); err != nil {
		return nil, fmt.Errorf("reports in %s: %w", file, err)
	}
	for i, r := range reports {
		if !slices.Contains(nodecause.Causes(), r.Expected) {
			return nil, fmt.Errorf("reports in %s: number %d expects the unknown cause %q", file, i+1, r.Expected)
		}
		if r.Source == "" || r.Message == "" {
			return nil, fmt.Errorf("reports in %s: number %d has no source or no message", file, i+1)
		}
	}
	return reports, nil
}

// Facts are what the classifier gets to see of a report.
func (r Report) Facts() nodecause.Facts {
	is := func(condition string) bool { return r.Conditions[condition] == "True" }
	return nodecause.Facts{
		Ready:              corev1.ConditionStatus(r.Ready),
		Message:            r.Message,
		DiskPressure:       is("DiskPressure") || is("OutOfDisk"),
		MemoryPressure:     is("MemoryPressure"),
		PIDPressure:        is("PIDPressure"),
		NetworkUnavailable: is("NetworkUnavailable"),
		Leaving:            r.leaving(),
	}
}

// leaving is the sign that a taint gives of a machine that goes. Reports name the
// taints as kubectl writes them, KEY or KEY=VALUE.
func (r Report) leaving() string {
	for _, taint := range r.Taints {
		key, value, _ := strings.Cut(taint, "=")
		if sign := nodecause.LeavingTaint(key, value); sign != "" {
			return sign
		}
	}
	return ""
}

// Tally counts the reports of one cause.
type Tally struct {
	Cause nodecause.Cause
	// Expected reports have this cause, Given ones were said to have it, Right ones
	// both.
	Expected, Given, Right int
}

// classify is the cause by the classifier. That a node is silent and was not probed is
// all that a report can tell of one that says nothing: it stands as unknown.
func (r Report) classify() nodecause.Cause {
	if cause := nodecause.Classify(r.Facts()); cause != nodecause.Silent {
		return cause
	}
	return nodecause.Unknown
}

// Score classifies the reports and counts by cause; causes that no report has
// and none was given are left out. With distinct, reports with the same message
// and the same further facts count once.
func Score(reports []Report, distinct bool) ([]Tally, []Report) {
	counts := map[nodecause.Cause]*Tally{}
	at := func(c nodecause.Cause) *Tally {
		if counts[c] == nil {
			counts[c] = &Tally{Cause: c}
		}
		return counts[c]
	}
	var wrong []Report
	counted := map[string]bool{}
	for _, r := range reports {
		key := r.shape()
		if distinct && counted[key] {
			continue
		}
		counted[key] = true
		got := r.classify()
		at(r.Expected).Expected++
		at(got).Given++
		if got == r.Expected {
			at(got).Right++
		} else {
			wrong = append(wrong, r)
		}
	}
	var tallies []Tally
	for _, t := range counts {
		tallies = append(tallies, *t)
	}
	slices.SortFunc(tallies, func(a, b Tally) int { return cmp.Compare(a.Cause, b.Cause) })
	return tallies, wrong
}

var (
	duration = regexp.MustCompile(`\d+[hms][0-9hms.]*`)
	quoted   = regexp.MustCompile(`"[^"]*"`)
)

// shape is the report without what differs from node to node.
func (r Report) shape() string {
	message := strings.Trim(strings.ToLower(r.Message), "[] ")
	message = quoted.ReplaceAllString(duration.ReplaceAllString(message, "TIME"), "NAME")
	return fmt.Sprint(message, r.Ready, r.Conditions, r.Taints)
}
