package ruleeval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Severities are all severities, the worst first.
func Severities() []string { return []string{"critical", "warning", "info"} }

// Rank is the place of a severity among Severities: 0 is the worst, and -1 none that there is.
func Rank(severity string) int { return slices.Index(Severities(), severity) }

// Sort sorts findings by severity, the worst first, then alert and labels.
func Sort(findings []Finding) { slices.SortFunc(findings, compare) }

func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(Rank(a.Severity), Rank(b.Severity)),
		strings.Compare(a.Alert, b.Alert),
		strings.Compare(key(a.Labels), key(b.Labels)),
	)
}

// key is the same text for the same labels.
func key(l map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(l)) {
		fmt.Fprintf(&b, "%s=%q,", name, l[name])
	}
	return b.String()
}
