package timeline

import (
	"encoding/json"
	"errors"
	"fmt"

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

// Load takes over what another process marshalled, before the first Update. On an error
// the timeline is as it was.
func (t *Timeline) Load(text []byte) error {
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("no timeline: %w", err)
	}
	if s.FormatVersion != savedVersion {
		return fmt.Errorf("a timeline of format version %d, not %d", s.FormatVersion, savedVersion)
	}
	if len(s.Open) > mostOpen || len(s.Ended) > mostEnded {
		return errors.New("a timeline with more incidents than any has")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range s.Open {
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
