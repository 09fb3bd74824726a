package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/alecthomas/kingpin/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// remembered is how far back rules may look.
const remembered = 25 * time.Hour

// Options say what is played.
type Options struct {
	Cluster *Cluster
	// Rules are sets of them, each evaluated by itself.
	Rules []*ruleeval.Rules
	Lasts time.Duration
	// Evaluation is the time between two evaluations, a scrape before each.
	Evaluation time.Duration
	// Settle waits until all that goes on at this moment has been done.
	Settle func()
}

// Play lets time pass, by the clock that time.Now tells, while collectors read the
// cluster and rules are evaluated, and returns the alerts that fired by each set of rules.
func Play(ctx context.Context, o Options) ([][]Fired, error) {
	read, frame, err := collect(o.Cluster)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer read.Wait()
	defer cancel()
	read.Start(ctx)
	var rulers []*ruler
	for _, rules := range o.Rules {
		rulers = append(rulers, newRuler(rules))
	}
	for begin := time.Now(); time.Since(begin) < o.Lasts; {
		time.Sleep(tick)
		o.Cluster.Step()
		o.Settle()
		passed := time.Since(begin)
		if passed%o.Evaluation != 0 {
			continue
		}
		families, err := frame.Scrape(ctx)
		if err != nil {
			return nil, err
		}
		agents, err := o.Cluster.agentSeries()
		if err != nil {
			return nil, err
		}
		at, scraped := time.Now(), slices.Concat(families, agents)
		for _, r := range rulers {
			if passed%time.Hour == 0 {
				r.samples.Forget(at.Add(-remembered))
			}
			// The sources have just begun.
			if err := r.scraped(ctx, scraped, at, passed >= 2*time.Minute); err != nil {
				return nil, err
			}
		}
	}
	var all [][]Fired
	for _, r := range rulers {
		all = append(all, r.history())
	}
	return all, nil
}

// collect makes the sources and collectors of scope cluster with their defaults, as the
// program does, but for where they read.
func collect(c *Cluster) (*sources.Sources, *exporter.Frame, error) {
	app := kingpin.New("fleet", "")
	selection := collectors.Register(app, collectors.Catalogue())
	if _, err := app.Parse(nil); err != nil {
		return nil, nil, fmt.Errorf("defaults of collectors: %w", err)
	}
	logger := slog.New(slog.DiscardHandler)
	config := sources.Config{Logger: logger, Now: time.Now}
	selection.Configure(&config)
	config.REST = nobody()
	config.Lister, config.Watched = c.API, true
	config.Kubelet = kubelet.Options{
		PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP}, Timeout: 10 * time.Second,
		Concurrency: 50, StatsInterval: time.Minute, MetricsInterval: 5 * time.Minute, Recorded: c.Kubelet,
	}
	config.APIServers.Recorded = []apiserver.Recorded{}
	selection.Replay(c.Probed)
	read, err := sources.NewSources(config)
	if err != nil {
		return nil, nil, err
	}
	named, err := selection.Build(read)
	if err != nil {
		return nil, nil, err
	}
	return read, exporter.NewFrame(named, logger), nil
}
