package chaos

import (
	"context"
	"time"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
)

// Trial is one way for the path between the program under test and the API server
// to go wrong.
type Trial struct {
	Name string
	// What says in a few words what goes wrong, for the table.
	What string
	// Short is whether it belongs to the short campaign.
	Short bool
	// Holds is whether the product is known to keep its promise under it: then the
	// tests fail if it does not.
	Holds bool
	// HTTP1 is whether the proxy speaks HTTP/1.1 only.
	HTTP1 bool
	// Lasts is for how long it goes on, if not for as long as all others.
	Lasts time.Duration

	// prepare, if any, changes the stage before the program is started.
	prepare func(context.Context, *stage) error
	// breaks begins the fault.
	breaks func(context.Context, *stage) error
	// heals ends it; by default the proxy is healed.
	heals func(context.Context, *stage) error
	// during, if any, runs while the fault lasts.
	during func(context.Context, *stage)
}

// proxied is a trial of faults of the proxy, all at once.
func proxied(name, what string, faults ...faultproxy.Fault) Trial {
	return Trial{Name: name, What: what, breaks: func(_ context.Context, s *stage) error {
		s.proxy.Break(faults...)
		return nil
	}}
}

func (t Trial) short() Trial { t.Short = true; return t }
func (t Trial) holds() Trial { t.Holds = true; return t }

// overHTTP1 is the same trial with a proxy that speaks no HTTP/2.
func (t Trial) overHTTP1() Trial {
	t.Name, t.What, t.HTTP1 = t.Name+"-http1", t.What+", over HTTP/1.1", true
	return t
}
