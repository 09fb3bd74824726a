package health

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestPoll(t *testing.T) {
	t.Parallel()
	type answer struct {
		value string
		err   error
	}
	answers, asked := make(chan answer), make(chan bool)
	p := NewPoll(NewHealth("figures", time.Now), time.Millisecond, func(context.Context) (string, error) {
		asked <- true
		a := <-answers
		return a.value, a.err
	})
	if _, err := p.Get(); err == nil {
		t.Error("has a value before it read one")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() { p.Run(ctx); close(ended) }()
	broken := errors.New("broken")
	for _, a := range []answer{{"one", nil}, {"", broken}, {"two", nil}} {
		<-asked
		answers <- a
		<-asked // what came before is taken over by now
		value, err := p.Get()
		if value != a.value || !errors.Is(err, a.err) {
			t.Errorf("got %q, %v; want %q, %v", value, err, a.value, a.err)
		}
		answers <- a
	}
	<-asked
	cancel()
	answers <- answer{"", context.Canceled}
	<-ended
	if value, err := p.Get(); value != "two" || err != nil {
		t.Errorf("the end of the program counts as a failure: %q, %v", value, err)
	}
}

func TestPollGivesUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := NewPoll(NewHealth("figures", time.Now), time.Millisecond, func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	p.once(ctx)
	var unavailable *UnavailableError
	if _, err := p.Get(); !errors.As(err, &unavailable) || unavailable.Reason() != Timeout {
		t.Errorf("%v, want a timeout", err)
	}
}
