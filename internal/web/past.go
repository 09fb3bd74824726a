package web

import (
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/timeline"
)

const (
	// recently is how long ago something began or ended that the page still tells.
	recently = 24 * time.Hour
	// mostRecent bounds what it tells of that.
	mostRecent = 30
)

// recentLine is the begin or the end of an incident.
type recentLine struct {
	At, Stamp, Age, What, Severity, SeverityName, Summary, Lang, URL string
	// Lasted is how long the incident was there, if it is not any more.
	Lasted string
	// Snapshot leads to what was known when it began; empty if nothing is kept.
	Snapshot string
}

// addPast adds what began and ended lately, and what is kept of it. present are the
// incidents of the report that is shown, in its language.
func (s *server) addPast(v *status, r reader, present []incident.Incident, lang string) {
	var past []timeline.Entry
	if s.Timeline != nil {
		past = append(s.Timeline.Open(), s.Timeline.Ended()...)
	}
	told := s.sentences(past, present, lang)
	v.Snapshots, v.MoreSnapshots = s.snapshots(r, told)
	if s.Box != nil && s.Box.Err() != nil {
		v.BoxError = s.Box.Err().Error()
	}
	since := s.Now().Add(-recently)
	type change struct {
		at    time.Time
		ended bool
		timeline.Entry
	}
	var changes []change
	for _, e := range past {
		changes = append(changes, change{e.Began, false, e})
		if !e.Ended.IsZero() {
			changes = append(changes, change{e.Ended, true, e})
		}
	}
	changes = slices.DeleteFunc(changes, func(c change) bool { return c.at.Before(since) })
	slices.SortStableFunc(changes, func(a, b change) int { return b.at.Compare(a.at) })
	kept := s.keptIDs()
	for _, c := range changes[:min(len(changes), mostRecent)] {
		line := recentLine{
			At: moment(c.at), Stamp: c.at.UTC().Format(time.RFC3339), Age: r.Age(c.at), What: r.words["nowBegan"], Severity: c.Severity, SeverityName: r.words[c.Severity],
			Summary: told[c.ID].Text, Lang: told[c.ID].Lang, URL: runbookOf(incident.Member{Alert: c.Alert, Labels: c.Labels}, lang),
		}
		if c.ended {
			line.What, line.Lasted = r.words["nowEnded"], r.Words.Span(c.Ended.Sub(c.Began))
		}
		if kept[c.ID] {
			line.Snapshot = snapshotURL(c.ID)
		}
		v.Recent = append(v.Recent, line)
	}
}

// keptIDs are the incidents of which a snapshot is kept.
func (s *server) keptIDs() map[string]bool {
	kept := map[string]bool{}
	if s.Box == nil {
		return kept
	}
	for _, r := range s.Box.Records() {
		for _, id := range r.Incidents {
			kept[id] = true
		}
	}
	return kept
}

// sentences are causes in words, by the ID of their incident: of one that goes on as the
// report says it, of another as it was said in English or what its alert means.
func (s *server) sentences(past []timeline.Entry, present []incident.Incident, lang string) map[string]said {
	told := map[string]said{}
	for _, e := range past {
		text, spoken := s.sentence(incident.Member{Alert: e.Alert, Labels: e.Labels}, e.Summary, lang)
		told[e.ID] = said{text, spoken}
	}
	for _, one := range present {
		if one.ID != "" {
			text, spoken := s.sentence(one.Cause, one.Summary, lang)
			told[one.ID] = said{text, spoken}
		}
	}
	return told
}

// sentence is a cause in words, and the language of these.
func (s *server) sentence(cause incident.Member, summary, lang string) (text, spoken string) {
	means := s.Summaries[cause.Alert]
	if spoken = languageOf(summary); lang != chinese || spoken == chinese || means == "" {
		return summary, spoken
	}
	if objects := named(cause.Labels); objects != "{}" && objects != cause.Labels["cluster"] {
		means += "（" + objects + "）"
	}
	return means, chinese
}

func snapshotURL(id string) string { return API[1:] + "/" + id + "/snapshot" }

// moment is a time with its date.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }
