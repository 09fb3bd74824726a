package matrix

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/lab/faults"
)

const (
	// churned is the name of the Deployment that grows and shrinks, and of its namespace.
	churned = "churn"
	// manyPods is how many it grows to.
	manyPods = 500
	// rounds is how often each component is restarted, and each node drained, however long
	// it lasts: more often within an hour is what an alert is for.
	rounds = 2
	// stepTime bounds one restart, drain or change of scale.
	stepTime = 2 * time.Minute
)

// Churned is what became of a lab in which all goes on that goes on in clusters that are
// well.
type Churned struct {
	Lasted time.Duration
	// Done counts what was done, by kind.
	Done map[string]int
	// Grave are the alerts above info that fired, each with its labels and for how long, and
	// Info counts those at info by name.
	Grave []string
	Info  map[string]int
	// Notifications is how many an on-call would have got of something that fires.
	Notifications int
}

// Churn restarts kubelets, the API server and controllers one after the other, drains
// nodes, and scales 500 pods up and down, for so long. Rules keep their own times.
func Churn(ctx context.Context, o Options, lasts time.Duration) (Churned, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return Churned{}, fmt.Errorf("results: %w", err)
	}
	shipped, err := unchanged(ctx, o.Kubevitals, o.Dir)
	if err != nil {
		return Churned{}, err
	}
	// What comes and goes for so long takes more than the quota that a fault is to fill.
	o.EtcdArgs = append(slices.Clone(o.EtcdArgs), "--quota-backend-bytes=0") // etcd's own
	b, err := startBench(ctx, o, shipped, filepath.Join(o.Dir, "lab"))
	if err != nil {
		return Churned{}, err
	}
	defer b.stop()
	began := time.Now()
	c := churn{lab: b.lab, logf: o.Logf, done: map[string]int{}}
	if err := c.make(ctx); err != nil {
		return Churned{}, err
	}
	turning, end := context.WithDeadline(ctx, began.Add(lasts))
	defer end()
	var all sync.WaitGroup
	for _, w := range c.works(lasts) {
		all.Go(func() { c.repeat(turning, w) })
	}
	all.Wait()
	return c.result(ctx, b, began)
}

// unchanged are the rules as they are shipped.
func unchanged(ctx context.Context, binary, dir string) (*rules, error) {
	text, err := export(ctx, binary, "alerts")
	if err != nil {
		return nil, err
	}
	r := &rules{file: filepath.Join(dir, "alerts.yaml")}
	if r.alerts, r.after, err = parseRules(text); err != nil {
		return nil, err
	}
	r.shipped = r.alerts
	if err := r.readInhibition(ctx, binary); err != nil {
		return nil, err
	}
	return r, os.WriteFile(r.file, text, 0o600)
}

// churn is what goes on in a lab.
type churn struct {
	lab  *faults.Lab
	logf func(string, ...any)

	mu   sync.Mutex
	done map[string]int
}

// work is done again and again: each turn is the next of those it is made of.
type work struct {
	every time.Duration
	turns []turn
}

type turn struct {
	name string
	do   func(context.Context) error
}

// result asks Prometheus what fired.
func (c *churn) result(ctx context.Context, b *bench, began time.Time) (Churned, error) {
	spans, err := b.fired(ctx, began)
	if err != nil {
		return Churned{}, err
	}
	r := Churned{Lasted: time.Since(began), Done: c.done, Info: map[string]int{}, Notifications: len(b.receiver.firingSince(began))}
	for _, s := range spans {
		if s.labels["severity"] == "info" {
			r.Info[s.labels["alertname"]]++
			continue
		}
		r.Grave = append(r.Grave, fmt.Sprintf("%v from %.0f s to %.0f s", s.labels, s.from.Sub(began).Seconds(), s.to.Sub(began).Seconds()))
	}
	slices.Sort(r.Grave)
	return r, nil
}

// Summary is a text of some lines.
func (r Churned) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.0f minutes; %d alerts above info, %d notifications\n", r.Lasted.Minutes(), len(r.Grave), r.Notifications)
	for _, name := range slices.Sorted(maps.Keys(r.Done)) {
		fmt.Fprintf(&b, "%5d  %s\n", r.Done[name], name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Info)) {
		fmt.Fprintf(&b, "%5d  at info: %s\n", r.Info[name], name)
	}
	for _, one := range r.Grave {
		fmt.Fprintf(&b, "       above info: %s\n", one)
	}
	return b.String()
}
