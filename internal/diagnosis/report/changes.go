package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis/change"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

// Changes writes what lies between two results for people.
func Changes(w io.Writer, c change.Changes, style Style) error {
	p := printerOf(style, c.After.At)
	p.look("Before: ", c.Before)
	p.look("After:  ", c.After)
	if c.After.At.Before(c.Before.At) {
		p.text("", "", "The second is older than the first.")
	}
	p.lists(c)
	p.line("")
	p.text("", "1", changesInShort(c))
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Since writes what changed between the first look and the last of many, and nothing of
// what goes on.
func Since(w io.Writer, c change.Changes, style Style) error {
	p := printerOf(style, c.After.At)
	c.Ongoing = slices.DeleteFunc(slices.Clone(c.Ongoing), func(o change.Ongoing) bool { return len(p.differences(o)) == 0 })
	p.line("")
	p.text("", "1", p.say("Since %s:", p.values.Moment(c.Before.At)))
	if len(c.Began)+len(c.NewlySeen)+len(c.Ended)+len(c.Unknown)+len(c.Ongoing) == 0 {
		p.text("", "", p.say("nothing began, ended or changed."))
	}
	p.lists(c)
	p.line("")
	_, err := io.WriteString(w, p.b.String())
	return err
}

func (p *printer) look(lead string, l change.Look) {
	p.text(lead, "", l.Cluster+", "+l.At.UTC().Format("2006-01-02 15:04:05 MST"))
	if !l.Complete {
		p.text(strings.Repeat(" ", len(lead)), "", "Not everything could be read there: kubevitals check says what.")
	}
}

// lists are the changes by their kinds.
func (p *printer) lists(c change.Changes) {
	ongoing := make([]incident.Incident, 0, len(c.Ongoing))
	for _, o := range c.Ongoing {
		ongoing = append(ongoing, o.Incident)
	}
	p.list("Began", c.Began, nil)
	p.list("Seen for the first time, where the first could not tell", c.NewlySeen, nil)
	p.list("Ended", c.Ended, nil)
	p.list("No longer seen, where the second cannot tell", c.Unknown, nil)
	p.list("Ongoing", ongoing, func(i int) []string { return p.differences(c.Ongoing[i]) })
}

func (p *printer) list(title string, all []incident.Incident, notes func(i int) []string) {
	if len(all) == 0 {
		return
	}
	p.line("")
	p.text("", "1", p.say("%s: %s", p.say(title), p.bySeverity(all)))
	for i, one := range all {
		gap := strings.Repeat(" ", columnOfCause-terminal.Columns(p.say(strings.ToUpper(one.Severity))))
		p.after(p.severity(one.Severity)+gap, columnOfCause, "", one.Summary)
		if notes == nil {
			continue
		}
		for _, note := range notes(i) {
			p.text(strings.Repeat(" ", columnOfCause)+"- ", "", note)
		}
	}
}

// differences say what became different of an incident that goes on.
func (w words) differences(o change.Ongoing) []string {
	var all []string
	if o.SeverityBefore != o.Incident.Severity {
		all = append(all, w.say("was %s", w.say(o.SeverityBefore)))
	}
	if o.CauseBefore.Alert != "" {
		all = append(all, w.say("followed before from: %s", o.CauseBefore.Sentence()))
	}
	for _, f := range byAlert(incident.Incident{Consequences: o.ConsequencesBegan}) {
		all = append(all, w.say("follows now: %s: %s", f.first.Alert, f.first.Sentence()+w.others(f)))
	}
	for _, f := range byAlert(incident.Incident{Consequences: o.ConsequencesEnded}) {
		all = append(all, w.say("ended: %s: %s", f.first.Alert, f.first.Sentence()+w.others(f)))
	}
	return all
}

// changesInShort is what lies between two results, in one line.
func changesInShort(c change.Changes) string {
	text := fmt.Sprintf("%d began, %d ended, %d ongoing.", len(c.Began), len(c.Ended), len(c.Ongoing))
	if n := len(c.NewlySeen) + len(c.Unknown); n > 0 {
		text += fmt.Sprintf(" Of %d it cannot be told, because too little was read.", n)
	}
	return text
}
