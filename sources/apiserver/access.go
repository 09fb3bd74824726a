package apiserver

import (
	"maps"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// What is asked of API servers, each of which takes a right of its own.
const (
	checksSource  = "apiserver_checks"
	readSource    = "apiserver_read"
	writeSource   = "apiserver_write"
	metricsSource = "apiserver_metrics"
)

// accessRounds is for how many rounds it is believed that API servers let us ask.
const accessRounds = 3

// newAccess returns the health of each question, as far as it is recorded.
func (p *Prober) newAccess() map[string]*health.Health {
	o, access := p.options, map[string]*health.Health{}
	every := map[string]time.Duration{
		checksSource: o.Interval, readSource: o.Interval, writeSource: o.WriteInterval, metricsSource: o.MetricsInterval,
	}
	for _, source := range sources() {
		h := health.NewHealth(source, p.now).WithLogger(p.logger)
		switch reason := o.RecordedAccess[source]; reason {
		case "":
			h.Expire(accessRounds*every[source] + o.Timeout)
		case health.Available:
			h.Succeed()
		default:
			h.Fail(recordedError(reason))
		}
		access[source] = h
	}
	return access
}

// recordedError is why something could not be asked when a record was made.
type recordedError health.Reason

func (e recordedError) Error() string { return "it could not be asked: " + string(e) }

// Reason is the recorded one; who made the record may know reasons that we do not.
func (e recordedError) Reason() health.Reason {
	if slices.Contains(health.Reasons(), health.Reason(e)) {
		return health.Reason(e)
	}
	return health.Failed
}

// IsAccess tells whether a source is one of those of Access.
func IsAccess(source string) bool { return slices.Contains(sources(), source) }

func sources() []string { return []string{checksSource, metricsSource, readSource, writeSource} }

// Access returns for each question that was put whether some API server lets us
// ask it. What the answers are is not of interest here, but that none lets us
// ask is: nothing else tells an API server that is not seen from one that is well.
func (p *Prober) Access() []health.State {
	var states []health.State
	for _, source := range sources() {
		if s := p.access[source].State(); s.Reason != health.Starting {
			states = append(states, s)
		}
	}
	return states
}

// AccessErr returns why no API server lets us ask the question of a source: nil if
// one does, or if it is none of Access.
func (p *Prober) AccessErr(source string) error {
	h, ok := p.access[source]
	if !ok || h.State().Reason == health.Starting {
		return nil
	}
	return h.Err()
}

// asked notes what became of a question to an API server: nil, or why it may not be
// asked. One that lets us ask is enough.
func (i *instance) asked(source string, refusal error) {
	i.prober.mu.Lock()
	defer i.prober.mu.Unlock() // after the verdict, or one from before could follow it
	i.refusals[source] = refusal
	for _, other := range i.prober.instances {
		if of, put := other.refusals[source]; put && of == nil {
			refusal = nil
		}
	}
	if h := i.prober.access[source]; refusal != nil {
		h.Fail(refusal)
	} else {
		h.Succeed()
	}
}

// unheard notes that an API server answers nothing any more, to whatever it was asked.
func (i *instance) unheard(silence error) {
	i.prober.mu.Lock()
	put := slices.Collect(maps.Keys(i.refusals))
	i.prober.mu.Unlock()
	for _, source := range put {
		i.asked(source, silence)
	}
}

// refusal is the error of an answer that says that we may not ask, or that what is
// asked for does not exist. All else is told by the probe itself.
func (a answer) refusal() error {
	switch a.outcome {
	case health.Unauthorized, health.Forbidden, health.NotFound:
		return a.err()
	}
	return nil
}
