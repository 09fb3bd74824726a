package timeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/timeline"
)

var begin = time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }

// found is a result with an incident of each alert, which could tell of all of them.
func found(minutes int, alerts ...string) *diagnosis.Result {
	r := &diagnosis.Result{At: at(minutes), Coverage: diagnosis.Coverage{Evaluated: []string{"A", "B", "C"}}}
	for _, a := range alerts {
		r.Incidents = append(r.Incidents, incident.Incident{Severity: "warning", Summary: a + " is ill.", Cause: incident.Member{Alert: a}})
	}
	return r
}

func names(entries []timeline.Entry) (text string) {
	for _, e := range entries {
		text += e.Alert
	}
	return text
}

// TestBeginAndEnd verifies what of a sequence of looks is a begin, and what an end.
func TestBeginAndEnd(t *testing.T) {
	t.Parallel()
	line := timeline.New()
	if got := names(line.Update(found(0, "A"), true)); got != "" {
		t.Errorf("of a look at a part: %q", got)
	}
	if got := names(line.Update(found(3, "A"), true)); got != "A" {
		t.Errorf("of something that is never read: %q", got)
	}
	r := found(4, "A", "B")
	r.Incidents[1].Since = at(-60)
	if got := names(line.Update(r, false)); got != "B" {
		t.Errorf("a second: %q", got)
	}
	if r.Incidents[0].ID == "" || r.Incidents[0].ID == r.Incidents[1].ID {
		t.Errorf("names: %+v", r.Incidents)
	}
	if open := line.Open(); names(open) != "AB" || !open[0].Began.Equal(at(3)) || !open[1].Began.Equal(at(-60)) {
		t.Errorf("open: %+v", open)
	}
	line.Update(found(5, "B"), false)
	if ended := line.Ended(); names(ended) != "A" || !ended[0].Ended.Equal(at(5)) || names(line.Open()) != "B" {
		t.Errorf("ended: %+v", ended)
	}
	again := found(9, "A", "B")
	if got := names(line.Update(again, false)); got != "" || again.Incidents[0].ID != r.Incidents[0].ID || len(line.Ended()) != 0 {
		t.Errorf("what came back soon: %q, %+v", got, line.Ended())
	}
	line.Update(found(10, "B"), false)
	if got := names(line.Update(found(30, "A", "B"), false)); got != "A" {
		t.Errorf("what came back late: %q", got)
	}
	if line.Update(found(30+25*60), false); names(line.Ended()) != "BA" && names(line.Ended()) != "AB" {
		t.Errorf("after a day: %+v", line.Ended())
	}
}

// TestBlindness verifies that what cannot be seen any more has not ended, and that what
// turns into a consequence, or from one into a cause, has neither begun nor ended.
func TestBlindness(t *testing.T) {
	t.Parallel()
	line := timeline.New()
	line.Update(found(0, "A"), false)
	blind := found(1)
	blind.Coverage.Evaluated = nil
	if line.Update(blind, false); names(line.Open()) != "A" {
		t.Errorf("not seen any more: %+v", line.Ended())
	}
	of := found(2, "B")
	of.Incidents[0].Consequences = []incident.Member{{Alert: "A"}, {Alert: "C"}}
	if got := names(line.Update(of, false)); got != "B" || names(line.Ended()) != "" {
		t.Errorf("with a cause: %q began, %+v ended", got, line.Ended())
	}
	if got := names(line.Update(found(3, "A", "C"), false)); got != "" || names(line.Ended()) != "B" {
		t.Errorf("without the cause: %q began, %+v ended", got, line.Ended())
	}
	about := found(4, "A", "C", "B")
	about.Incidents[2].Cause.Finding.Signal = "exporter"
	if got := names(line.Update(about, false)); got != "" {
		t.Errorf("blindness of kubevitals is an incident of the cluster: %q", got)
	}
}

// TestBounds verifies that however much happens, not more is remembered than there is room for.
func TestBounds(t *testing.T) {
	t.Parallel()
	line := timeline.New()
	var many, all []string
	for i := range 2000 {
		many = append(many, fmt.Sprint("many", i))
	}
	for i := range 5 {
		r := found(20*i, append(all, many...)...)
		r.Coverage.Evaluated = many
		line.Update(r, false)
		none := found(20*i + 1)
		none.Coverage.Evaluated = many
		line.Update(none, false)
	}
	if open, ended := len(line.Open()), len(line.Ended()); open != 0 || ended != 200 {
		t.Errorf("%d open, %d ended", open, ended)
	}
	line.Update(found(10000, many...), false)
	if open := len(line.Open()); open != 500 {
		t.Errorf("%d open", open)
	}
	text, err := line.Marshal()
	if err != nil || len(text) > timeline.Limit {
		t.Errorf("%d bytes: %v", len(text), err)
	}
}

// TestLoad verifies that a timeline goes on where another ended, and that what is no
// timeline changes nothing.
func TestLoad(t *testing.T) {
	t.Parallel()
	before := timeline.New()
	before.Update(found(0, "A", "C"), false)
	before.Update(found(1, "A"), false)
	text, err := before.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	line := timeline.New()
	strange := func(change string) string {
		e := strings.NewReplacer(strings.Split(change, "=")...).Replace(`{"id":"0123456789abcdef0123456789abcdef","severity":"warning","summary":"s","alert":"A","labels":null,"began":"2026-03-04T05:00:00Z"}`)
		return `{"formatVersion":1,"open":[],"ended":[` + e + `]}`
	}
	if err := timeline.New().Load([]byte(strange("x=x")), nil); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		"", "{}", `{"formatVersion":2}`, `[]`, `{"formatVersion":1,"open":7}`,
		strange("0123456789abcdef0123456789abcdef=../.."), strange("abcdef=ABCDEF"), strange("0123=01"), strange("warning=boom"), strange(`"A"=""`), strange("2026=0001" + "=-03-04T05=-01-01T00"),
	} {
		if line.Load([]byte(bad), nil) == nil {
			t.Errorf("%q was taken for a timeline", bad)
		}
	}
	if err := line.Load(text, map[string]bool{"A": true, "C": true}); err != nil {
		t.Fatal(err)
	}
	if got := names(line.Update(found(60, "A", "B"), false)); got != "B" || names(line.Ended()) != "C" {
		t.Errorf("%q began, %q ended", got, names(line.Ended()))
	}
	if was, is := before.Open()[0], line.Open()[1]; was.ID != is.ID || !was.Began.Equal(is.Began) {
		t.Errorf("%+v became %+v", was, is)
	}
}

// TestLoadOfAnotherVersion verifies that an incident of an alert that is no more does not go
// on for ever: nobody would see its end.
func TestLoadOfAnotherVersion(t *testing.T) {
	t.Parallel()
	before := timeline.New()
	before.Update(found(0, "A", "B", "C"), false)
	before.Update(found(1, "A", "B"), false)
	text, err := before.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	line := timeline.New()
	if err := line.Load(text, map[string]bool{"A": true}); err != nil {
		t.Fatal(err)
	}
	if names(line.Open()) != "A" || names(line.Ended()) != "C" {
		t.Errorf("%q go on, %q ended", names(line.Open()), names(line.Ended()))
	}
}

// TestWrongClock verifies that after a clock was ahead for some time incidents begin and end
// as before.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const days = 24 * 60
	line := timeline.New()
	line.Update(found(9*days, "A"), false)
	line.Update(found(9*days+1), false)
	if got := names(line.Update(found(0, "A"), false)); got != "A" {
		t.Errorf("%q began, after what ended in the future", got)
	}
	line.Update(found(1), false)
	if ended := line.Ended(); len(ended) != 1 || !ended[0].Ended.Equal(at(1)) {
		t.Errorf("%+v", ended)
	}
}
