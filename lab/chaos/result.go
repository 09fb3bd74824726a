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
	// news is how long news takes while nothing is wrong, unless the trial says
	// otherwise. Only what is false for longer is due to the fault.
	news = 5 * time.Second
)

// Seconds is a duration as it stands in reports.
type Seconds float64

// MarshalJSON rounds to tenths.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(math.Round(float64(s)*10) / 10)
}

// Figures are those of one topic.
type Figures struct {
	// Stale is the longest time for which something false was served as if it were known.
	Stale Seconds `json:"stale_seconds"`
	// StaleTotal is for how long that was so, taken together.
	StaleTotal Seconds `json:"stale_total_seconds"`
	// Told is when the program first said that it was blind; nil is never.
	Told *Seconds `json:"told_seconds"`
}

// blinded tells whether the program could not see.
func (f Figures) blinded(news Seconds) bool { return f.Told != nil || f.Stale > news }

// Result is what a trial came to.
type Result struct {
	Fault string `json:"fault"`
	What  string `json:"what"`
	// Required is whether it has to be good.
	Required bool `json:"required"`
	// Error is of the trial itself, which then has no figures.
	Error string `json:"error,omitempty"`
	// Unknowable says why no program could tell.
	Unknowable string `json:"unknowable,omitempty"`

	// Figures are the worst of all topics.
	Figures
	Blinded   bool     `json:"blinded"`
	Recovered *Seconds `json:"recovered_seconds"` // nil is not within the time
	Good      bool     `json:"good"`
	Reasons   []string `json:"reasons"`

	Topics map[Topic]Figures `json:"topics"`

	Scrapes       int     `json:"scrapes"`
	FailedScrapes int     `json:"failed_scrapes"`
	SlowestScrape Seconds `json:"slowest_scrape_seconds"`

	Before Resources `json:"before"`
	After  Resources `json:"after"`

	// Peer is what came of the peer on the same stage, if there was one.
	Peer *Result `json:"peer,omitempty"`
}

// sum makes one verdict of the figures of all topics.
func (r *Result) sum(t Trial) {
	arrives := Seconds(t.newsTakes().Seconds())
	never := false
	for _, f := range r.Topics {
		r.Stale, r.StaleTotal = max(r.Stale, f.Stale), max(r.StaleTotal, f.StaleTotal)
		if !f.blinded(arrives) {
			continue
		}
		r.Blinded = true
		never = never || f.Told == nil
		if f.Told != nil && (r.Told == nil || *f.Told > *r.Told) {
			r.Told = f.Told
		}
	}
	if never {
		r.Told = nil
	}
	// What is right again by then need not be told, and one fault of many has no beginning.
	limit := Seconds(MaxTold.Seconds())
	told := r.Stale <= limit || t.Schedule || r.Told != nil && *r.Told <= limit
	r.Good = r.FailedScrapes == 0 && told && r.Stale <= Seconds(MaxStale.Seconds()) &&
		r.Recovered != nil && *r.Recovered <= Seconds(MaxRecovery.Seconds())
}
