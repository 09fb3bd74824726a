package cluster

import (
	"context"
	"time"
)

// reviveInterval is how often is looked for components that have ended: a kubelet starts
// them again at once, and then waits for 10 s and longer.
const reviveInterval = 5 * time.Second

// reviver starts components of the control plane again that end by themselves, as they do
// when they lose their Leases. What was killed stays so.
type reviver struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// revive goes on until stop; ctx is that of the start and must not end it.
func revive(ctx context.Context, components []*Process, logf func(string, ...any)) *reviver {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &reviver{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(reviveInterval):
			}
			for _, p := range components {
				if !p.endedByItself() {
					continue
				}
				if err := p.Launch(); err != nil {
					logf("%v", err)
				}
			}
		}
	}()
	return r
}

func (r *reviver) stop() {
	r.cancel()
	<-r.done
}
