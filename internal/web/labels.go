package web

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/kubevitals/kubevitals/internal/humanize"
)

const (
	// mostLabels and longestValue are more than any alert of the pack bears; names
	// of Kubernetes end at 253 characters.
	mostLabels   = 32
	longestValue = 253
)

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// labelsOf are the labels in a query, sorted by name, and the names of parameters
// that are none: of a bad name, a value that is too long or that steers a
// terminal, or given twice.
func labelsOf(query url.Values) (own []pair, ignored []string) {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		switch {
		case name == languageParameter:
		case len(values) != 1 || !labelName.MatchString(name) || len(own) == mostLabels || !fit(values[0]):
			ignored = append(ignored, shortened(name))
		default:
			own = append(own, pair{name, values[0]})
		}
	}
	return own, ignored[:min(len(ignored), mostLabels)]
}

func fit(value string) bool {
	if len(value) > longestValue || !utf8.ValidString(value) {
		return false
	}
	for _, r := range value {
		if humanize.Steers(r) {
			return false
		}
	}
	return true
}

func shortened(name string) string {
	runes := []rune(name)
	if len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return name
}
