package matrix

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
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
	var walk func(string, labels)
	walk = func(name string, of labels) {
		for _, e := range g[name] {
			if of != nil && !matches(of, e.When) {
				continue
			}
			_, known := found[e.Explains]
			found[e.Explains] = append(found[e.Explains], e)
			if !known {
				walk(e.Explains, nil)
			}
		}
	}
	walk(cause, of)
	return found
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
