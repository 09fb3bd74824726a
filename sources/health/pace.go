package health

import (
	"context"
	"time"
)

const (
	// answerPause is the longest time between two parts of an answer.
	answerPause = listPauseLimit
	// slowest is how many bytes of an answer have to come in a second that is spent waiting,
	// on the whole and after the first pause: whoever sends one now and then never ends.
	slowest = 16 << 10
)

// pace gives an answer up that does not go on, or not fast enough to come to its end. All
// methods do nothing on nil.
type pace struct {
	cancel context.CancelCauseFunc
	bytes  int64
	// waited is for how long, which leaves out what this machine took to read it.
	waited time.Duration
	since  time.Time
	timer  *time.Timer
	late   error // that it was given up
}

// wait begins to wait for the next part.
func (p *pace) wait() {
	if p == nil {
		return
	}
	left := answerPause + time.Duration(p.bytes)*time.Second/slowest - p.waited
	p.since = time.Now()
	p.timer = time.AfterFunc(min(answerPause, max(left, 0)), func() { p.cancel(context.Canceled) })
}

// came says that so many bytes came. It returns the error of an answer that is given up.
func (p *pace) came(bytes int) error {
	if p == nil {
		return nil
	}
	p.bytes += int64(bytes)
	p.waited += time.Since(p.since)
	if !p.timer.Stop() && p.late == nil {
		p.late = &SilentError{What: "end of an answer", For: p.waited.Round(time.Second)}
	}
	return p.late
}
