// Package incident puts together the findings that have one cause.
package incident

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Graph says which alerts explain which. It never changes, and is safe for concurrent
// use.
type Graph struct {
	// to are the edges that lead to an alert from what explains it.
	to map[string][]edge
}

// edge is how one alert explains another: where both have the same values of the labels
// On, and each has those that are demanded of it.
type edge struct {
	Cause, Explains string
	On              []string
	When, Where     matchers
}

// matchers are regular expressions of whole values by label.
type matchers map[string]*regexp.Regexp

func (m *matchers) UnmarshalJSON(text []byte) error {
	var written map[string]string
	if err := json.Unmarshal(text, &written); err != nil {
		return err
	}
	*m = matchers{}
	for label, pattern := range written {
		compiled, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return fmt.Errorf("label %s: %w", label, err)
		}
		(*m)[label] = compiled
	}
	return nil
}

func (m matchers) match(labels map[string]string) bool {
	for label, pattern := range m {
		if !pattern.MatchString(labels[label]) {
			return false
		}
	}
	return true
}

// Parse reads a graph as the mixin writes it: a list of edges. Its error names an edge
// that cannot be read, and alerts that explain each other in a circle.
func Parse(file []byte) (*Graph, error) {
	var edges []edge
	if err := json.Unmarshal(file, &edges); err != nil {
		return nil, fmt.Errorf("graph of causes: %w", err)
	}
	g := &Graph{to: map[string][]edge{}}
	for _, e := range edges {
		g.to[e.Explains] = append(g.to[e.Explains], e)
	}
	done := map[string]bool{}
	for alert := range g.to {
		// What they have in common most explains best: the node's own trouble before
		// that of the cluster.
		slices.SortStableFunc(g.to[alert], func(a, b edge) int { return cmp.Compare(len(b.On), len(a.On)) })
		if err := g.circle(alert, nil, done); err != nil {
			return nil, fmt.Errorf("graph of causes: %w", err)
		}
	}
	return g, nil
}

// circle returns an error if the way back from an alert to its causes leads to itself.
func (g *Graph) circle(alert string, way []string, done map[string]bool) error {
	if slices.Contains(way, alert) {
		return errors.New(alert + " explains itself")
	}
	if done[alert] {
		return nil
	}
	for _, e := range g.to[alert] {
		if err := g.circle(e.Cause, append(way, alert), done); err != nil {
			return err
		}
	}
	done[alert] = true
	return nil
}

// index finds findings by alert and the values of some labels.
type index struct {
	findings []ruleeval.Finding
	by       map[string]map[string][]int
}

// Values of labels are told apart by what no label can hold.
const separator = "\xff"

func keyOf(labels map[string]string, on []string) string {
	key := ""
	for _, label := range on {
		key += labels[label] + separator
	}
	return key
}

// like returns the findings of an alert that have the values of a finding in some
// labels.
func (x *index) like(alert string, on []string, labels map[string]string) []int {
	name := alert + separator + strings.Join(on, separator)
	found, ok := x.by[name]
	if !ok {
		found = map[string][]int{}
		for i, f := range x.findings {
			if f.Alert == alert {
				key := keyOf(f.Labels, on)
				found[key] = append(found[key], i)
			}
		}
		x.by[name] = found
	}
	return found[keyOf(labels, on)]
}

// causeOf returns which finding explains a finding best, or -1.
func (g *Graph) causeOf(x *index, i int) int {
	explained := x.findings[i]
	for _, e := range g.to[explained.Alert] {
		if !e.Where.match(explained.Labels) {
			continue
		}
		var causes []int
		for _, cause := range x.like(e.Cause, e.On, explained.Labels) {
			if e.When.match(x.findings[cause].Labels) {
				causes = append(causes, cause)
			}
			if len(causes) > 1 { // as good as thousands
				break
			}
		}
		// Where nothing says which of several objects is to blame, none is.
		if len(causes) == 1 || (len(causes) > 1 && (len(e.On) > 0 || len(ObjectsOf(x.findings[causes[0]].Labels)) == 0)) {
			return causes[0]
		}
	}
	return -1
}
