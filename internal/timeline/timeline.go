// Package timeline remembers which incidents go on, and which began and ended lately.
package timeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/change"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

const (
	// keptFor is how long it is remembered that an incident ended, and mostEnded how many
	// of them are.
	keptFor   = 24 * time.Hour
	mostEnded = 200
	// again is how soon after its end an incident that comes back is the same one: what
	// passes in a moment would else begin each minute.
	again = 10 * time.Minute
	// settling is how long after the first look something may still be read for the first
	// time, so that what is seen is a part.
	settling = 2 * time.Minute
	// idBytes is the length of an ID before it is spelt in digits.
	idBytes = 16
)

// MostOpen bounds the incidents that go on; of others it is not known when they began.
const MostOpen = 500

// Entry is an incident from its begin to its end.
type Entry struct {
	// Name of the incident in addresses: 32 digits, the same as long as it goes on.
	ID string `json:"id"`
	// The worst severity that it had.
	Severity string `json:"severity"`
	// The cause in one sentence, with its object, as it was seen last.
	Summary string `json:"summary"`
	// Alert of the cause.
	Alert string `json:"alert"`
	// Labels of that alert.
	Labels map[string]string `json:"labels"`
	// When it began: as the cluster says, or else when it was seen first.
	Began time.Time `json:"began"`
	// When it was not there any more; absent while it goes on.
	Ended time.Time `json:"ended,omitzero"`

	key string // the ID of the cause
}

// Timeline is safe for concurrent use.
type Timeline struct {
	mu sync.Mutex
	// open are by the ID of their cause, and ended in the order of their ends.
	open  map[string]*Entry
	ended []Entry
	// members are the causes and consequences of the last look, by ID.
	members map[string]bool
	first   time.Time
}

// New returns a timeline on which nothing is yet.
func New() *Timeline { return &Timeline{open: map[string]*Entry{}} }

// Update takes in what a look found, and returns what began: causes that were not there in
// the look before, not even as what follows from another, and not shortly before. In the
// result each incident gets its ID. Starting is whether something had yet to be read for the
// first time: of such a look nothing is concluded, for some minutes.
func (t *Timeline) Update(r *diagnosis.Result, starting bool) (began []Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first.IsZero() {
		t.first = r.At
	}
	if starting && r.At.Sub(t.first) < settling {
		return nil
	}
	members := map[string]bool{}
	for i := range r.Incidents {
		one := &r.Incidents[i]
		for _, m := range append([]incident.Member{one.Cause}, one.Consequences...) {
			members[m.ID()] = true
		}
		if !diagnosis.AboutCluster(*one) {
			continue
		}
		entry, isNew := t.saw(*one, r.At)
		if entry == nil {
			continue
		}
		if one.ID = entry.ID; isNew && !t.members[one.Cause.ID()] {
			began = append(began, *entry)
		}
	}
	t.end(r, members)
	t.members = members
	return began
}

// saw notes an incident, and tells whether it was not known. It returns nil where there are
// too many.
func (t *Timeline) saw(one incident.Incident, at time.Time) (entry *Entry, isNew bool) {
	key := one.Cause.ID()
	entry = t.open[key]
	if entry == nil && len(t.open) >= MostOpen {
		return nil, false
	}
	if entry == nil {
		entry = t.reopen(key, at)
	}
	if entry == nil {
		begin := at
		if !one.Since.IsZero() && one.Since.Before(at) {
			begin = one.Since
		}
		begin = begin.UTC().Truncate(time.Second)
		entry, isNew = &Entry{ID: idOf(key, begin), Severity: one.Severity, Alert: one.Cause.Alert, Labels: one.Cause.Labels, Began: begin, key: key}, true
	}
	t.open[key] = entry
	entry.Summary = one.Summary
	if ruleeval.Rank(one.Severity) < ruleeval.Rank(entry.Severity) {
		entry.Severity = one.Severity
	}
	return entry, isNew
}

// reopen returns an incident of the same cause that ended shortly before, and takes it from
// those that ended. One that ended in the future, by a clock that was wrong, is another.
func (t *Timeline) reopen(key string, at time.Time) *Entry {
	i := slices.IndexFunc(t.ended, func(e Entry) bool { return e.key == key && at.Sub(e.Ended).Abs() < again })
	if i < 0 {
		return nil
	}
	e := t.ended[i]
	e.Ended = time.Time{}
	t.ended = slices.Delete(t.ended, i, i+1)
	return &e
}

// end notes what is not there any more, as far as the result could tell, and forgets what
// ended long ago, or will by a clock that was wrong.
func (t *Timeline) end(r *diagnosis.Result, members map[string]bool) {
	for key, e := range t.open {
		if members[key] || !change.CouldTell(r, e.cause()) {
			continue
		}
		e.Ended = r.At.UTC().Truncate(time.Second)
		t.ended = append(t.ended, *e)
		delete(t.open, key)
	}
	t.ended = slices.DeleteFunc(t.ended, func(e Entry) bool { return r.At.Sub(e.Ended).Abs() > keptFor })
	slices.SortStableFunc(t.ended, func(a, b Entry) int { return cmp.Or(a.Ended.Compare(b.Ended), a.Began.Compare(b.Began)) })
	t.ended = t.ended[max(0, len(t.ended)-mostEnded):]
}

// Open are the incidents that go on, those that began last first.
func (t *Timeline) Open() []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Entry, 0, len(t.open))
	for _, e := range t.open {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.ID, b.ID)) })
	return all
}

// Ended are the incidents that ended in the last 24 hours, the last first, at most 200.
func (t *Timeline) Ended() []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Clone(t.ended)
	slices.Reverse(all)
	return all
}

// cause is the cause of an entry, be it remembered by this process or another.
func (e Entry) cause() incident.Member { return incident.Member{Alert: e.Alert, Labels: e.Labels} }

// idOf is the ID of an incident: a hash of its cause and its begin.
func idOf(cause string, begin time.Time) string {
	sum := sha256.Sum256([]byte(cause + "\x00" + begin.Format(time.RFC3339)))
	return hex.EncodeToString(sum[:idBytes])
}

// IsID tells whether a text can be the ID of an incident.
func IsID(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == idBytes && text == strings.ToLower(text)
}
