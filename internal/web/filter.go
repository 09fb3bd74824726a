package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// filter says which of the incidents and problems a page shows; the zero value all of them.
// Node and Namespace are parts of names, or in quotes whole ones.
type filter struct{ Node, Namespace, Signal string }

// filterOf reads a filter from a query. What no name can be is left out.
func filterOf(query url.Values) filter {
	word := func(name string) string {
		if text := strings.TrimSpace(query.Get(name)); fit(text) {
			return text
		}
		return ""
	}
	return filter{word("node"), word("namespace"), word("signal")}
}

// Active tells whether anything is left out.
func (f filter) Active() bool { return f != filter{} }

// pairs are the parameters of a query that asks for the same.
func (f filter) pairs() []pair {
	all := []pair{{"node", f.Node}, {"namespace", f.Namespace}, {"signal", f.Signal}}
	return slices.DeleteFunc(all, func(p pair) bool { return p.Value == "" })
}

// has tells whether a finding is to be shown.
func (f filter) has(labels map[string]string, signal string) bool {
	return matches(labels["node"], f.Node) && matches(labels["namespace"], f.Namespace) && (f.Signal == "" || f.Signal == signal)
}

// matches tells whether a name is one that is asked for. No name has quotes in it.
func matches(name, asked string) bool {
	if len(asked) > 2 && strings.HasPrefix(asked, `"`) && strings.HasSuffix(asked, `"`) {
		return strings.EqualFold(name, asked[1:len(asked)-1])
	}
	return strings.Contains(strings.ToLower(name), strings.ToLower(asked))
}

// wholeName asks for a name as a whole: worker-1 is a part of worker-10, too.
func wholeName(name string) string { return `"` + name + `"` }

// incidents are those of which the cause, or something that follows from it, is to be shown.
func (f filter) incidents(all []incident.Incident) []incident.Incident {
	if !f.Active() {
		return all
	}
	has := func(m incident.Member) bool { return f.has(m.Labels, m.Finding.Signal) }
	return slices.DeleteFunc(slices.Clone(all), func(i incident.Incident) bool {
		return !has(i.Cause) && !slices.ContainsFunc(i.Consequences, has)
	})
}

// alerts are those with a finding that is to be shown, with these findings alone, and all
// those about what cannot be seen: what is filtered away is no blindness that has ended.
func (f filter) alerts(all []diagnosis.FiringAlert) []diagnosis.FiringAlert {
	if !f.Active() {
		return all
	}
	var some []diagnosis.FiringAlert
	for _, a := range all {
		if !a.AboutCluster() {
			some = append(some, a)
			continue
		}
		a.Findings = slices.DeleteFunc(slices.Clone(a.Findings), func(one ruleeval.Finding) bool { return !f.has(one.Labels, one.Signal) })
		if len(a.Findings) > 0 {
			some = append(some, a)
		}
	}
	return some
}
