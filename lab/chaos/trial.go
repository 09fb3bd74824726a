package chaos

import (
	"cmp"
	"context"
	"crypto/tls"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/lab/chaos/faultproxy"
	"github.com/kubevitals/kubevitals/lab/cluster"
)

// Trial is one way for the path between the program under test and the API server
// to go wrong.
type Trial struct {
	Name string
	// What says in a few words what goes wrong, for the table.
	What string
	// Short is whether it belongs to the short campaign.
	Short bool
	// Open says why the product need not keep its promise under it yet. All others
	// have to hold: tests fail if one does not.
	Open string
	// Unknowable says why no program could tell, of a fault that lies outside of the promise.
	Unknowable string
	// Schedule is whether it is a series of faults, which come and go.
	Schedule bool
	// HTTP1 is whether the proxy speaks HTTP/1.1 only.
	HTTP1 bool
	// Lasts is for how long it goes on, if not for as long as all others.
	Lasts time.Duration
	// News is how long news takes while nothing is wrong, if longer than usual.
	News time.Duration
	// Mute is whether the program cannot answer scrapes while the fault lasts.
	Mute bool
	// Kubelet is whether the trial takes a kubelet of the cluster.
	Kubelet bool

	// place puts the fault elsewhere than before the API server. The peer tells nothing of
	// what is there.
	place func(context.Context, *stage) error
	// faults are those of the proxy, and certificate what it shows in place of its own.
	faults      []faultproxy.Fault
	certificate func(*cluster.Cluster) (tls.Certificate, error)
	// prepare, if any, changes the stage before the program is started.
	prepare func(context.Context, *stage) error
	// breaks begins the fault, if it is not only one of the proxy.
	breaks func(context.Context, *stage) error
	// heals ends it; by default the proxy is healed.
	heals func(context.Context, *stage) error
	// during, if any, runs while the fault lasts.
	during func(context.Context, *stage)
}

// proxied is a trial of faults of the proxy, all at once.
func proxied(name, what string, faults ...faultproxy.Fault) Trial {
	return Trial{Name: name, What: what, faults: faults}
}

// required tells whether the promise has to be kept.
func (t Trial) required() bool { return t.Open == "" && t.Unknowable == "" }

func (t Trial) newsTakes() time.Duration { return cmp.Or(t.News, news) }

func (t Trial) begin(ctx context.Context, s *stage) error {
	if t.breaks != nil {
		return t.breaks(ctx, s)
	}
	faults := t.faults
	if t.certificate != nil {
		c, err := t.certificate(s.campaign.cluster)
		if err != nil {
			return err
		}
		faults = append(slices.Clip(faults), faultproxy.Fault{Certificate: &c})
	}
	s.proxy.Break(faults...)
	return nil
}

func (t Trial) end(ctx context.Context, s *stage) error {
	if t.heals != nil {
		return t.heals(ctx, s)
	}
	return s.proxy.Heal()
}

func (t Trial) short() Trial { t.Short = true; return t }
func (t Trial) unknowable(why string) Trial {
	t.Unknowable = why
	return t
}

// overHTTP1 is the same trial with a proxy that speaks no HTTP/2.
func (t Trial) overHTTP1() Trial {
	t.Name, t.What, t.HTTP1 = t.Name+"-http1", t.What+", over HTTP/1.1", true
	return t
}
