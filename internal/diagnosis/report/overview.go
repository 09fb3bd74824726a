package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

const (
	// mostIncidents bounds the incidents that a person is shown at the top.
	mostIncidents = 20
	// mostAlike bounds those of one alert from which nothing follows.
	mostAlike = 3
	// columnOfCause is as wide as the longest severity and a gap.
	columnOfCause = len("CRITICAL") + 2
)

// overview shows what is wrong before all details: a line or two for each incident, with its
// severity, for how long it has been, and its cause. Of many of one alert from which
// nothing follows, some stand for all.
func (p *printer) overview(all []incident.Incident) {
	if len(all) == 0 {
		return
	}
	shown := stand(all)
	ages, widest := make([]string, len(shown)), 0
	for i, one := range shown {
		if !one.Since.IsZero() {
			ages[i] = p.values.Words.Span(p.values.Now.Sub(one.Since))
			widest = max(widest, terminal.Columns(ages[i])+2)
		}
	}
	p.line("")
	for i, one := range shown {
		name := p.say(strings.ToUpper(one.Severity))
		gap := strings.Repeat(" ", columnOfCause-terminal.Columns(name))
		lead := p.severity(one.Severity) + gap + ages[i] + strings.Repeat(" ", widest-terminal.Columns(ages[i]))
		p.cause(lead, columnOfCause+widest, one)
	}
	if more := len(all) - len(shown); more > 0 {
		p.text("", "", p.say("%d more, of these or other alerts, which stand below; -o json names all.", more))
	}
}

// stand are the incidents that are shown.
func stand(all []incident.Incident) []incident.Incident {
	var shown []incident.Incident
	alike := map[string]int{}
	for _, one := range all {
		if len(one.Consequences) == 0 {
			alike[one.Cause.Alert]++
		}
		if len(shown) < mostIncidents && (len(one.Consequences) > 0 || alike[one.Cause.Alert] <= mostAlike) {
			shown = append(shown, one)
		}
	}
	return shown
}

// mostLines bounds the lines of an incident at the top: on a narrow terminal a cause takes
// more of them.
func mostLines(columns int) int {
	if columns < 72 {
		return 3
	}
	return 2
}

// cause writes the cause of an incident, which is a line where that has room. The end of a
// long sentence, which the details have, gives way, unless it names what the incident is
// about, or what is put in its place has no room.
func (p *printer) cause(lead string, before int, one incident.Incident) {
	tail := ""
	if n := len(one.Consequences); n > 0 {
		tail = fmt.Sprintf(" (+%d)", n)
	}
	lines := p.wrapped(before, one.Summary+tail)
	if most := mostLines(p.Columns); len(lines) > most {
		first := p.wrapped(before, one.Summary)[:most-1]
		rest := strings.TrimPrefix(strings.Join(strings.Fields(plain(one.Summary)), " "), strings.Join(first, " "))
		last := strings.TrimRight(p.wrapped(before+1+len(tail), rest)[0], ",;:. ，；：。、") + "…"
		fits := before+terminal.Columns(last+tail) <= p.Columns
		if fits && names(strings.Join(first, " ")+" "+last, one) {
			lines = slices.Concat(first, []string{last + tail})
		}
	}
	for _, line := range lines {
		p.line("%s%s", lead, p.paint("1", line))
		lead = strings.Repeat(" ", before)
	}
}

// names tells whether a beginning of the summary of an incident has all names of objects of
// its cause that the whole has.
func names(beginning string, one incident.Incident) bool {
	return !slices.ContainsFunc(incident.ObjectsOf(one.Cause.Labels), func(o incident.Object) bool {
		return strings.Contains(one.Summary, o.Name) && !strings.Contains(beginning, o.Name)
	})
}
