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

// addPast adds what began and ended lately, and what is kept of it.
func (s *server) addPast(v *status, r reader, lang string) {
	v.Snapshots, v.MoreSnapshots = s.snapshots(r)
	if s.Box != nil && s.Box.Err() != nil {
		v.BoxError = s.Box.Err().Error()
	}
	if s.Timeline == nil {
		return
	}
	since := s.Now().Add(-recently)
	type change struct {
		at    time.Time
		ended bool
		timeline.Entry
	}
	var changes []change
	for _, e := range append(s.Timeline.Open(), s.Timeline.Ended()...) {
		changes = append(changes, change{e.Began, false, e})
		if !e.Ended.IsZero() {
			changes = append(changes, change{e.Ended, true, e})
		}
	}
	changes = slices.DeleteFunc(changes, func(c change) bool { return c.at.Before(since) })
	slices.SortStableFunc(changes, func(a, b change) int { return b.at.Compare(a.at) })
	kept := s.keptIDs()
	for _, c := range changes[:min(len(changes), mostRecent)] {
		m := incident.Member{Alert: c.Alert, Labels: c.Labels}
		line := recentLine{
			At: moment(c.at), Stamp: c.at.UTC().Format(time.RFC3339), Age: r.Age(c.at), What: r.words["nowBegan"], Severity: c.Severity, SeverityName: r.words[c.Severity], URL: runbookOf(m, lang),
		}
		line.Summary, line.Lang = s.sentence(m, c.Summary, lang)
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
