package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Markdown writes a result for a ticket or a chat, as GitHub and GitLab render it: a
// table of incidents, then each alert with its evidence and the commands to run first.
// What comes from the cluster is text there, and neither markup nor a mention.
func Markdown(w io.Writer, r *diagnosis.Result, language string) error {
	p := printerOf(Style{Language: language}, r.At)
	p.line("# kubevitals check: %s", code(r.Cluster))
	p.line("")
	p.line("%s. %s", r.At.UTC().Format("2006-01-02 15:04:05 MST"), escaped(p.summary(r)))
	if r.TakenFrom != "" {
		p.line("%s", p.say("The time is that of the dump, by %s.", escaped(p.say(r.TakenFrom))))
	}
	p.incidentTable(r.Incidents)
	causes, follow := split(r)
	p.alertSections(p.say("Details"), causes)
	p.alertSections(p.say("Likely consequences"), follow)
	p.notSeen(r)
	for _, remark := range p.remarks(r) {
		p.line("\n%s", escaped(remark))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// incidentTable has a row for each incident, or for the first of very many.
func (p *printer) incidentTable(all []incident.Incident) {
	if len(all) == 0 {
		return
	}
	p.line("\n%s", p.say("| severity | what is wrong | since | likely consequences |"))
	p.line("| --- | --- | --- | --- |")
	for _, one := range all[:min(len(all), mostRows)] {
		since := ""
		if !one.Since.IsZero() {
			since = one.Since.UTC().Format("2006-01-02 15:04:05 MST")
		}
		p.line("| %s | %s | %s | %s |", p.say(one.Severity), escaped(one.Summary), since, escaped(p.consequences(one)))
	}
	if more := len(all) - mostRows; more > 0 {
		p.line("\n%s", p.say("and %d more, which `-o json` names", more))
	}
}

func (p *printer) alertSections(title string, alerts []diagnosis.FiringAlert) {
	if len(alerts) == 0 {
		return
	}
	p.line("\n## %s", title)
	for _, a := range alerts {
		p.alertSection(a)
	}
}

func (p *printer) alertSection(a diagnosis.FiringAlert) {
	p.line("\n### %s (%s)", escaped(a.Alert), p.say(a.Severity))
	p.line("\n%s%s\n", escaped(a.Summary), escaped(p.wait(a)))
	for i, f := range a.Findings {
		if i == mostFindings {
			p.line("- %s", p.say("and %d more, which `-o json` names", len(a.Findings)-i))
			break
		}
		p.line("- %s%s", escaped(f.Description), escaped(p.projected(f)))
		if f.Detail != "" {
			p.line("  - %s", escaped(f.Detail))
		}
		for _, e := range ruleeval.First(f.Evidence, mostEvidence) {
			p.line("  - %s", code(measured(p.values, e)))
		}
		if more := len(f.Evidence) - mostEvidence; more > 0 {
			p.line("  - %s", p.say("and %d more, which `-o json` names", more))
		}
	}
	if a.Commands != "" {
		fence := strings.Repeat("`", max(3, longestRun(a.Commands)+1))
		p.line("\n%s\n\n%ssh", p.say("Look first:"), fence)
		for line := range strings.Lines(a.Commands) {
			p.line("%s", plain(strings.TrimRight(line, "\n")))
		}
		p.line("%s", fence)
	}
	p.line("\n[%s](<%s>)", p.say("Runbook"), plain(a.Findings[0].RunbookURL))
}

// notSeen says what this look cannot tell of.
func (p *printer) notSeen(r *diagnosis.Result) {
	groups, waiting := byReason(r.Unavailable, r.Absent)
	names := p.names(waiting)
	if len(groups) == 0 && names == "" {
		return
	}
	p.line("\n## %s\n", p.say("Could not be read"))
	for _, g := range groups {
		p.line("- %s", escaped(p.reason(g)))
		for _, d := range g.details[:min(len(g.details), mostDetails)] {
			p.line("  - %s", code(d))
		}
		if more := len(g.details) - mostDetails; more > 0 {
			p.line("  - %s", p.say("and %d more, which `-o json` tells", more))
		}
	}
	if names != "" {
		p.line("- %s", p.say("without a source: %s", escaped(names)))
	}
}

// mostRows bounds the rows of the table of incidents.
const mostRows = 50

var (
	markup = strings.NewReplacer(
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`, "~", `\~`,
		"&", "&amp;",
		// These make mentions and links without any markup.
		"@", "&#64;", "#", "&#35;", "://", ":&#47;&#47;", "www.", "www&#46;",
	)
	// opening is what makes a list, a heading or a rule of what begins with it.
	opening = regexp.MustCompile(`^(\d*)([-+=.)])`)
	ticks   = regexp.MustCompile("`+")
)

// escaped is a text that Markdown shows as it is.
func escaped(text string) string {
	return opening.ReplaceAllString(markup.Replace(plain(text)), `$1\$2`)
}

// code is a text as a span of code, which holds backticks, too.
func code(text string) string {
	text = plain(text)
	fence := strings.Repeat("`", longestRun(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fmt.Sprintf("%s%s%s", fence, text, fence)
}

// longestRun is how many backticks follow each other at most.
func longestRun(text string) int {
	most := 0
	for _, run := range ticks.FindAllString(text, -1) {
		most = max(most, len(run))
	}
	return most
}
