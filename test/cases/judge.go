package cases

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
)

// Answer is what a program says of a case.
type Answer struct {
	// Text is all that it prints for people.
	Text string
	// Incidents are those that kubevitals finds.
	Incidents []incident.Incident
	// Clear tells whether it says that nothing is wrong.
	Clear bool
}

// Judge says in words what is wrong with an answer of kubevitals; nothing, if it is right.
func (c *Case) Judge(a Answer) []string {
	wrong := c.Unsaid(a.Text)
	for _, p := range c.Never {
		if found := p.FindString(a.text(c)); found != "" {
			wrong = append(wrong, fmt.Sprintf("says %q, which /%s/ forbids", found, p))
		}
	}
	if c.Healthy && !a.Clear && len(a.Incidents) == 0 {
		wrong = append(wrong, "is healthy, and the answer is not that all is clear")
	}
	if !c.Healthy && len(c.Incidents) == 0 {
		return wrong
	}
	left := slices.Clone(a.Incidents)
	for _, want := range c.Incidents {
		i := slices.IndexFunc(left, want.is)
		if i < 0 {
			wrong = append(wrong, "does not find "+want.String())
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, got := range left {
		wrong = append(wrong, "finds, too: "+Found(got))
	}
	return wrong
}

// Unsaid lists what the text of an answer should say and does not, whoever gives it.
func (c *Case) Unsaid(text string) []string {
	var missing []string
	text = Answer{Text: text}.text(c)
	for _, p := range c.Says {
		if !p.MatchString(text) {
			missing = append(missing, "does not say /"+p.String()+"/")
		}
	}
	return missing
}

// text is what is said, without the path of the dump, which says what the case is about.
func (a Answer) text(c *Case) string { return strings.ReplaceAll(a.Text, c.Dump, "DUMP") }

// is tells whether an incident has the cause, and names the objects.
func (i Incident) is(got incident.Incident) bool {
	var b strings.Builder
	for _, o := range got.Objects {
		b.WriteString(o.String() + "\n")
	}
	for _, m := range append([]incident.Member{got.Cause}, got.Consequences...) {
		b.WriteString(m.Description + "\n")
	}
	return i.Cause == got.Cause.Alert &&
		!slices.ContainsFunc(i.Names, func(name string) bool { return !strings.Contains(b.String(), name) })
}

// String is the incident as a table shows it.
func (i Incident) String() string {
	return strings.TrimSpace(strings.TrimPrefix(i.Cause, "KubeVitals") + " " + strings.Join(i.Names, ", "))
}

// Found is an incident that was found, as a table shows it: its cause and the objects of that.
func Found(i incident.Incident) string {
	found := Incident{Cause: i.Cause.Alert}
	for _, o := range incident.ObjectsOf(i.Cause.Labels) {
		found.Names = append(found.Names, o.String())
	}
	return found.String()
}

// Expected is what a right answer names, as a table shows it.
func (c *Case) Expected() string {
	if c.Healthy {
		return allClear
	}
	all := make([]string, 0, len(c.Incidents))
	for _, i := range c.Incidents {
		all = append(all, i.String())
	}
	if len(all) == 0 {
		return "its words"
	}
	return strings.Join(all, "; ")
}

// Named is what the answer names, as a table shows it.
func (a Answer) Named() string {
	switch {
	case len(a.Incidents) == 0 && a.Clear:
		return allClear
	case len(a.Incidents) == 0:
		return "nothing, and cannot tell"
	}
	all := make([]string, 0, len(a.Incidents))
	for _, i := range a.Incidents {
		all = append(all, Found(i))
	}
	return strings.Join(all, "; ")
}

const allClear = "all clear"
