package incident

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Incident is one trouble: its cause, and what follows from it.
type Incident struct {
	// Its name in addresses of the exporter, the same as long as it goes on; only the exporter
	// gives one.
	ID string `json:"id,omitempty"`
	// The worst severity of the cause and of what follows from it.
	Severity string `json:"severity"`
	// The cause in one sentence, with its object.
	Summary string `json:"summary"`
	// Objects that the cause and what follows from it are about, those of the cause first.
	Objects []Object `json:"objects"`
	// When the cause began, where the cluster says so.
	Since time.Time `json:"since,omitzero"`
	// What explains the rest, and is explained by nothing that was found.
	Cause Member `json:"cause"`
	// What follows from the cause, the worst first.
	Consequences []Member `json:"consequences"`
}

// Member is a finding as a part of an incident; its evidence is in alerts.
type Member struct {
	// Name of the alert.
	Alert string `json:"alert"`
	// Severity of the alert.
	Severity string `json:"severity"`
	// Labels that the alert would have in Prometheus.
	Labels map[string]string `json:"labels"`
	// What it means for these labels.
	Description string `json:"description"`
	// Finding is the whole of it.
	Finding ruleeval.Finding `json:"-"`
}

// Object is what an incident is about.
type Object struct {
	// Kind as in the label of the alert, such as node, addon or horizontalpodautoscaler.
	Kind string `json:"kind"`
	// Namespace, of objects that have one.
	Namespace string `json:"namespace,omitempty"`
	// Name of the object.
	Name string `json:"name"`
}

// String is the name as commands take it.
func (o Object) String() string {
	if o.Namespace != "" {
		return o.Namespace + "/" + o.Name
	}
	return o.Name
}

// Group puts findings together by their causes. The incidents are sorted by severity, those
// from which something follows first, and then by age, those whose beginning is not known
// last; onsets are the metrics that hold
// since when something has been wrong.
func (g *Graph) Group(findings []ruleeval.Finding, onsets []string) []Incident {
	x := &index{findings: findings, by: map[string]map[string][]int{}}
	cause := make([]int, len(findings))
	for i := range findings {
		cause[i] = g.causeOf(x, i)
	}
	of := map[int][]int{}
	for i := range findings {
		root := i
		for cause[root] >= 0 {
			root = cause[root]
		}
		if root != i {
			of[root] = append(of[root], i)
		}
	}
	incidents := []Incident{}
	for i := range findings {
		if cause[i] >= 0 {
			continue
		}
		one := Incident{Cause: memberOf(findings[i]), Consequences: []Member{}, Since: since(findings[i], onsets)}
		for _, j := range of[i] {
			one.Consequences = append(one.Consequences, memberOf(findings[j]))
		}
		one.finish()
		incidents = append(incidents, one)
	}
	slices.SortStableFunc(incidents, byUrgency)
	return incidents
}

func memberOf(f ruleeval.Finding) Member {
	return Member{Alert: f.Alert, Severity: f.Severity, Labels: f.Labels, Description: f.Description, Finding: f}
}

// finish fills in what follows from the members.
func (i *Incident) finish() {
	i.Summary = i.Cause.Sentence()
	i.Severity = i.Cause.Severity
	i.Objects = []Object{}
	seen := map[Object]bool{}
	for _, m := range append([]Member{i.Cause}, i.Consequences...) {
		if ruleeval.Rank(m.Severity) < ruleeval.Rank(i.Severity) {
			i.Severity = m.Severity
		}
		for _, o := range ObjectsOf(m.Labels) {
			if !seen[o] {
				seen[o] = true
				i.Objects = append(i.Objects, o)
			}
		}
	}
}

func byUrgency(a, b Incident) int {
	wide := func(i Incident) int { return min(len(i.Consequences), 1) }
	if by := cmp.Or(cmp.Compare(ruleeval.Rank(a.Severity), ruleeval.Rank(b.Severity)), cmp.Compare(wide(b), wide(a))); by != 0 {
		return by
	}
	switch {
	case a.Since.IsZero() && b.Since.IsZero():
		return 0
	case a.Since.IsZero():
		return 1
	case b.Since.IsZero():
		return -1
	}
	return a.Since.Compare(b.Since)
}

// named are the labels that name an object. All others say what is wrong with it.
func named() []string {
	return []string{
		"node", "horizontalpodautoscaler", "addon", "server", "endpoint", "api", "backend", "webhook", "component", "zone", "peer", "scheduler",
		"source", "collector",
	}
}

// ObjectsOf returns what labels name. A namespace that is not part of another name is
// an object of its own.
func ObjectsOf(labels map[string]string) []Object {
	var all []Object
	for _, kind := range named() {
		if name := labels[kind]; name != "" {
			o := Object{Kind: kind, Name: name}
			if kind == "horizontalpodautoscaler" {
				o.Namespace = labels["namespace"]
			}
			all = append(all, o)
		}
	}
	if name := labels["namespace"]; name != "" && !slices.ContainsFunc(all, func(o Object) bool { return o.Namespace != "" }) {
		all = append(all, Object{Kind: "namespace", Name: name})
	}
	return all
}

// clusterLabel bears the name of the cluster that is looked at, as a look gives it.
const clusterLabel = "cluster"

// Sentence is what the alert of a member says of its labels, in the first sentence and
// without the name of the cluster, which stands above all of them. Descriptions are in
// English or Chinese.
func (m Member) Sentence() string {
	text := m.Description
	if name := m.Labels[clusterLabel]; name != "" {
		for _, place := range []string{" of cluster " + name, " in cluster " + name} {
			before, after, found := strings.Cut(text, place)
			if found && !strings.ContainsFunc(after[:min(len(after), 1)], isOfName) {
				text = before + after
			}
		}
	}
	if name := m.Labels[clusterLabel]; name != "" {
		text = strings.TrimSpace(strings.Replace(text, "叢集 "+name+" 的", "", 1))
	}
	for _, end := range []string{". ", "。"} {
		if sentence, _, more := strings.Cut(text, end); more {
			return sentence + strings.TrimSpace(end)
		}
	}
	return text
}

// isOfName tells whether a name may go on with a character. A sentence ends with a dot, too.
func isOfName(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_'
}

// since is the earliest time that a finding holds of a beginning, or zero.
func since(f ruleeval.Finding, onsets []string) time.Time {
	var first time.Time
	for _, e := range f.Evidence {
		v := float64(e.Value)
		if !slices.Contains(onsets, e.Metric) || !(v > 0 && v < math.MaxUint32) {
			continue
		}
		if at := time.Unix(0, int64(v*float64(time.Second))).UTC(); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}
