package matrix

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// edge says that one alert explains another.
type edge struct {
	Cause, Explains string
	On              []string
	When, Where     map[string]string
}

// graph is what explains what, by the alert of the cause.
type graph map[string][]edge

// readGraph reads the generated graph of causes.
func readGraph(file string) (graph, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("graph of causes: %w", err)
	}
	var edges []edge
	if err := json.Unmarshal(text, &edges); err != nil {
		return nil, fmt.Errorf("graph of causes: %w", err)
	}
	g := graph{}
	for _, e := range edges {
		g[e.Cause] = append(g[e.Cause], e)
	}
	return g, nil
}

// follows are the alerts that a cause may bring about by way of others, and those
// themselves; others need not have fired, for they may still wait. The labels of the cause
// decide where its own edges hold.
func (g graph) follows(cause string, of labels) map[string][]edge {
	found := map[string][]edge{}
	walked := map[string]bool{}
	// where is what the alert is known to have as labels by the edge that led to it.
	var walk func(name string, of labels, where map[string]string)
	walk = func(name string, of labels, where map[string]string) {
		for _, e := range g[name] {
			if of != nil && !matches(of, e.When) || contradict(where, e.When) {
				continue
			}
			key := fmt.Sprint(name, where, e)
			if walked[key] {
				continue
			}
			walked[key] = true
			found[e.Explains] = append(found[e.Explains], e)
			walk(e.Explains, nil, e.Where)
		}
	}
	walk(cause, of, nil)
	return found
}

// contradict tells whether a label has no value that both allow. Of what is more than a
// list of values with | between that is not known.
func contradict(where, when map[string]string) bool {
	for name, values := range where {
		if _, both := when[name]; !both || strings.ContainsAny(values, "()[].*+?") {
			continue
		}
		one := map[string]string{name: when[name]}
		if !slices.ContainsFunc(strings.Split(values, "|"), func(value string) bool { return matches(labels{name: value}, one) }) {
			return true
		}
	}
	return false
}

// explained tells whether an alert with its labels may follow by one of the edges.
func explained(edges []edge, of labels) bool {
	for _, e := range edges {
		if matches(of, e.Where) {
			return true
		}
	}
	return false
}

// matches tells whether labels have the values, which are whole regular expressions.
func matches(of labels, want map[string]string) bool {
	for name, pattern := range want {
		if ok, err := regexp.MatchString("^(?:"+pattern+")$", of[name]); err != nil || !ok {
			return false
		}
	}
	return true
}
