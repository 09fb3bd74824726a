package timeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/sources/bounded"
)

// saved is the form in which a timeline outlives its process.
type saved struct {
	FormatVersion int     `json:"formatVersion"`
	Open          []Entry `json:"open"`
	Ended         []Entry `json:"ended"`
}

const savedVersion = 1

// Limit bounds what Marshal returns, in bytes: 700 incidents whose names are as long as they
// can be.
const Limit = 1 << 20

// Marshal returns what Load reads.
func (t *Timeline) Marshal() ([]byte, error) {
	s := saved{FormatVersion: savedVersion, Open: t.Open(), Ended: t.Ended()}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the timeline: %w", err)
	}
	if len(text) > Limit {
		return nil, fmt.Errorf("the timeline is larger than %s", bounded.Size(Limit))
	}
	return text, nil
}

// Load takes over what another process marshalled, before the first Update. Alerts are the
// names of those that there are: of another, as an earlier version had it, nobody would ever
// see the end, so that it is left out of what goes on. On an error the timeline is as it was.
func (t *Timeline) Load(text []byte, alerts map[string]bool) error {
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("no timeline: %w", err)
	}
	if s.FormatVersion != savedVersion {
		return fmt.Errorf("a timeline of format version %d, not %d", s.FormatVersion, savedVersion)
	}
	if len(s.Open) > MostOpen || len(s.Ended) > mostEnded {
		return errors.New("a timeline with more incidents than any has")
	}
	for _, e := range slices.Concat(s.Open, s.Ended) {
		if err := e.check(); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range s.Open {
		if !alerts[e.Alert] {
			continue
		}
		e.Ended = time.Time{}
		e.key = e.cause().ID()
		t.open[e.key] = &e
	}
	for i := len(s.Ended) - 1; i >= 0; i-- {
		e := s.Ended[i]
		e.key = e.cause().ID()
		t.ended = append(t.ended, e)
	}
	return nil
}

// check returns what no timeline can have written.
func (e Entry) check() error {
	switch {
	case !IsID(e.ID):
		return fmt.Errorf("a timeline with an incident named %.50q", e.ID)
	case ruleeval.Rank(e.Severity) < 0:
		return fmt.Errorf("a timeline with an incident of severity %.50q", e.Severity)
	case e.Alert == "" || e.Began.IsZero():
		return fmt.Errorf("a timeline with incident %s, which has no alert or no begin", e.ID)
	}
	return nil
}
