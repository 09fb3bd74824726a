package chaos

import (
	"context"
	"maps"
	"slices"
	"time"
)

// look is what one scrape came to.
type look struct {
	at       time.Time
	took     time.Duration
	verdicts map[Topic]Verdict // none if the scrape failed
	err      string            // of the scrape
	reasons  []string
}

// right tells whether all that is true was told.
func (l look) right() bool {
	for _, v := range l.verdicts {
		if v != Right {
			return false
		}
	}
	return len(l.verdicts) > 0
}

// of is the verdict on a topic; who does not answer does not look healthy.
func (l look) of(topic Topic) Verdict {
	if v := l.verdicts[topic]; v != "" {
		return v
	}
	return Told
}

// observer scrapes a program under test and compares what it says with the truth.
type observer struct {
	stage   *stage
	subject *subject
	looks   []look
	truth   facts // as it was read last

	goroutines         int
	before             Resources
	brokenAt, healedAt time.Time
}

// look scrapes once. Where the API server itself is gone nothing can change, and
// what was true last still is.
func (o *observer) look(ctx context.Context) look {
	before := o.refresh(ctx)
	l := look{at: time.Now()}
	f, err := o.subject.scrape(ctx)
	l.took = time.Since(l.at)
	if err != nil {
		l.err = err.Error()
	} else {
		r := o.subject.program.read(f, o.stage.world.prefix())
		l.verdicts = judge(r, before, o.refresh(ctx))
		for topic := range l.verdicts {
			l.reasons = slices.AppendSeq(l.reasons, maps.Keys(r.reasons[topic]))
		}
		o.goroutines = r.goroutines
	}
	o.looks = append(o.looks, l)
	return l
}

func (o *observer) refresh(ctx context.Context) facts {
	ctx, cancel := context.WithTimeout(ctx, every)
	defer cancel()
	if f, err := o.stage.scene.read(ctx); err == nil {
		o.truth = f
	}
	return o.truth
}

// watch looks every second for a while, or until enough is seen.
func (o *observer) watch(ctx context.Context, d time.Duration, enough func(*observer) bool) error {
	deadline := time.Now().Add(d)
	for time.Now().Before(deadline) {
		next := time.Now().Add(every)
		o.look(ctx)
		if enough != nil && enough(o) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(next)):
		}
	}
	return nil
}

// calm tells whether all was right for some scrapes in a row since the healing.
func (o *observer) calm() bool {
	if len(o.looks) < calm {
		return false
	}
	for _, l := range o.looks[len(o.looks)-calm:] {
		if l.at.Before(o.healedAt) || !l.right() {
			return false
		}
	}
	return true
}

func (o *observer) resources() Resources { return o.subject.resources(o.goroutines) }

// result makes figures of all that was seen since the fault began.
func (o *observer) result() Result {
	t := o.stage.trial
	r := Result{
		Fault: t.Name, What: t.What, Required: t.required(), Unknowable: t.Unknowable,
		Topics: map[Topic]Figures{}, Before: o.before, After: o.resources(),
	}
	for topic := range o.truth {
		r.Topics[topic] = o.figures(topic)
	}
	reasons := map[string]bool{}
	for _, l := range o.looks {
		if l.at.Before(o.brokenAt) {
			continue
		}
		r.Scrapes++
		r.SlowestScrape = max(r.SlowestScrape, Seconds(l.took.Seconds()))
		if l.err != "" && !(t.Mute && l.at.Before(o.healedAt)) {
			r.FailedScrapes++
		}
		for _, reason := range l.reasons {
			reasons[reason] = true
		}
	}
	r.Reasons = slices.Sorted(maps.Keys(reasons))
	r.Recovered = o.recovered()
	r.sum(t)
	return r
}

// mend bridges moments in which something stale was not served: a program that
// says every other second that it is blind is not believed the first.
const mend = 3 * time.Second

// figures are those of one topic.
func (o *observer) figures(topic Topic) Figures {
	var f Figures
	good, from, until := o.brokenAt, time.Time{}, time.Time{} // last good moment; bounds of the present run
	for _, l := range o.looks {
		if l.at.Before(o.brokenAt) {
			continue
		}
		if l.of(topic) == Told && f.Told == nil {
			told := Seconds(l.at.Sub(o.brokenAt).Seconds())
			f.Told = &told
		}
		if l.of(topic) != Stale {
			good = l.at
			continue
		}
		if from.IsZero() || l.at.Sub(until) > mend {
			from = good
		}
		f.StaleTotal += Seconds(min(every, l.at.Sub(good)).Seconds())
		until = l.at
		f.Stale = max(f.Stale, Seconds(until.Sub(from).Seconds()))
	}
	return f
}

// recovered is how long after the healing all was right and remained so.
func (o *observer) recovered() *Seconds {
	inRow := 0
	for i, l := range o.looks {
		if l.at.Before(o.healedAt) || !l.right() {
			inRow = 0
			continue
		}
		if inRow++; inRow == calm {
			after := Seconds(o.looks[i-calm+1].at.Sub(o.healedAt).Seconds())
			return &after
		}
	}
	return nil
}
