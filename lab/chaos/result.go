package chaos

import (
	"encoding/json"
	"math"
	"time"
)

// The targets: what a program that is never green while blind keeps to.
const (
	MaxStale    = 45 * time.Second
	MaxTold     = 30 * time.Second
	MaxRecovery = 15 * time.Second
	// notice is for how long something false may be served as if it were known
	// before one speaks of blindness: news has to get there first.
	notice = 5 * time.Second
)

// Seconds is a duration as it stands in reports.
type Seconds float64

// MarshalJSON rounds to tenths.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(math.Round(float64(s)*10) / 10)
}

// Figures are those of one kind of objects.
type Figures struct {
	// Stale is the longest time for which something false was served as if it were known.
	Stale Seconds `json:"stale_seconds"`
	// StaleTotal is for how long that was so, taken together.
	StaleTotal Seconds `json:"stale_total_seconds"`
	// Told is when the program first said that it was blind; nil is never.
	Told *Seconds `json:"told_seconds"`
}

// blinded tells whether the program could not see.
func (f Figures) blinded() bool { return f.Told != nil || f.Stale > Seconds(notice.Seconds()) }

// Result is what a trial came to.
type Result struct {
	Fault string `json:"fault"`
	What  string `json:"what"`
	Holds bool   `json:"required"`
	Error string `json:"error,omitempty"` // of the trial itself, which then has no figures

	// Figures are the worse of the two kinds of objects.
	Figures
	Blinded   bool     `json:"blinded"`
	Recovered *Seconds `json:"recovered_seconds"` // nil is not within the time
	Good      bool     `json:"good"`
	Reasons   []string `json:"reasons"`

	Nodes Figures `json:"nodes"`
	Pods  Figures `json:"pods"`

	Scrapes       int     `json:"scrapes"`
	FailedScrapes int     `json:"failed_scrapes"`
	SlowestScrape Seconds `json:"slowest_scrape_seconds"`

	Before Resources `json:"before"`
	After  Resources `json:"after"`
}

// sum makes one verdict of the figures of both kinds of objects.
func (r *Result) sum() {
	r.Figures = Figures{Stale: max(r.Nodes.Stale, r.Pods.Stale), StaleTotal: max(r.Nodes.StaleTotal, r.Pods.StaleTotal)}
	r.Blinded = r.Nodes.blinded() || r.Pods.blinded()
	r.Told = worseTold(r.Nodes, r.Pods)
	r.Good = r.Error == "" && r.FailedScrapes == 0 &&
		r.Stale <= Seconds(MaxStale.Seconds()) && r.toldInTime() &&
		r.Recovered != nil && *r.Recovered <= Seconds(MaxRecovery.Seconds())
}

// toldInTime is also true of a fault that blinds nobody.
func (r *Result) toldInTime() bool {
	if r.Stale <= Seconds(notice.Seconds()) {
		return true
	}
	return r.Told != nil && *r.Told <= Seconds(MaxTold.Seconds())
}

// worseTold is the later of the times, of those that were blinded; nil is never.
func worseTold(figures ...Figures) *Seconds {
	var worst *Seconds
	for _, f := range figures {
		switch {
		case !f.blinded():
		case f.Told == nil:
			return nil
		case worst == nil || *f.Told > *worst:
			worst = f.Told
		}
	}
	return worst
}
