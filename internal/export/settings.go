package export

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// The list of all settings, for messages.
const reference = "docs/mixin-config.md lists all settings"

// runbookBase is no setting of the mixin but short for one: the address in front of
// the names of the exported runbooks.
const (
	runbookBase    = "runbookBase"
	runbookPattern = "runbookURLPattern"
)

// Settings override settings of the mixin.
type Settings struct{ values map[string]any }

func (s Settings) names() []string { return slices.Sorted(maps.Keys(s.values)) }

// ParseSettings reads settings of the form key=value. A value has the type of the
// setting's default; a list is separated by commas or written as JSON; of a table,
// which is one of durations by name, one entry is set with table.name=value. Of a key
// that is given twice the last counts.
func ParseSettings(assignments []string) (Settings, error) {
	if len(assignments) == 0 {
		return Settings{}, nil
	}
	known, err := Defaults()
	if err != nil {
		return Settings{}, err
	}
	s := Settings{values: map[string]any{}}
	for _, assignment := range assignments {
		key, text, ok := strings.Cut(assignment, "=")
		if !ok || key == "" {
			return Settings{}, fmt.Errorf("--set %s: not of the form key=value", assignment)
		}
		if key == runbookBase {
			key, text = runbookPattern, strings.ReplaceAll(strings.TrimRight(text, "/"), "%", "%%")+"/%s.md"
		}
		if err := s.assign(key, text, known); err != nil {
			return Settings{}, fmt.Errorf("--set %s: %w; %s", key, err, reference)
		}
	}
	return s, nil
}

// assign sets a key, or with TABLE.ENTRY one entry of a setting that is a table.
func (s Settings) assign(key, text string, known map[string]any) error {
	name, entry, nested := strings.Cut(key, ".")
	initial, ok := known[name]
	table, isTable := initial.(map[string]any)
	switch {
	case !ok, nested && !isTable:
		return fmt.Errorf("no such setting%s", nearest(key, known))
	case !isTable:
		value, err := convert(key, text, initial)
		s.values[key] = value
		return err
	case entry == "":
		return fmt.Errorf("is a table; set one entry of it with %s.NAME=VALUE", name)
	}
	if _, err := model.ParseDuration(text); err != nil {
		return fmt.Errorf("%q is not a duration such as 10m", text)
	}
	if set, ok := s.values[name].(map[string]any); ok {
		table = set
	}
	table[entry] = text
	s.values[name] = table
	return nil
}

// convert reads a value of the type of the initial one.
func convert(key, text string, initial any) (any, error) {
	switch initial := initial.(type) {
	case string:
		return text, checkText(key, text, initial)
	case bool:
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("%q is neither true nor false", text)
		}
		return text == "true", nil
	case float64:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
			return nil, fmt.Errorf("%q is not a number", text)
		}
		return number, nil
	case []any:
		return convertList(text)
	}
	return nil, fmt.Errorf("a setting of this type can only be set in jsonnet")
}

// convertList reads a list of strings, which is what all lists of the mixin are.
func convertList(text string) ([]string, error) {
	list := []string{}
	if strings.HasPrefix(text, "[") {
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, fmt.Errorf("%q is not a JSON list of strings", text)
		}
		return list, nil
	}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list, nil
}

var placeholder = regexp.MustCompile(`%(\(\w*\))?.?`)

// checkText finds the mistakes that would be far from their cause once the text
// stands within an expression.
func checkText(key, text, initial string) error {
	switch {
	case strings.HasSuffix(key, "elector"):
		if _, err := parser.NewParser(parser.Options{}).ParseMetricSelector("{" + text + "}"); err != nil {
			return fmt.Errorf("%q does not select series, as %s would", text, initial)
		}
	case strings.HasSuffix(key, "Label"):
		if !model.LegacyValidation.IsValidLabelName(text) {
			return fmt.Errorf("%q is not the name of a label", text)
		}
	}
	want := placeholders(initial)
	if len(want) == 0 {
		return nil
	}
	if got := placeholders(text); !slices.Equal(got, want) {
		return fmt.Errorf("%q must hold %s once and no other %%, as %s does", text, strings.Join(want, " and "), initial)
	}
	return nil
}

// placeholders returns what a text has for jsonnet to fill in.
func placeholders(text string) []string {
	return slices.DeleteFunc(placeholder.FindAllString(text, -1), func(s string) bool { return s == "%%" })
}

// nearest suggests the known key that is most like another, if any is.
func nearest(key string, known map[string]any) string {
	best, least := "", len(key)/3+1
	for _, name := range append(slices.Sorted(maps.Keys(known)), runbookBase) {
		if d := distance(strings.ToLower(key), strings.ToLower(name)); d <= least && (d < least || best == "") {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

// distance is how many letters must be put in, left out or changed to make one
// text of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
