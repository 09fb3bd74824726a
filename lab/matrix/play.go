package matrix

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/lab/faults"
	"github.com/kubevitals/kubevitals/lab/process"
)

const (
	// toFire is how long an alert may take to fire, beside what it waits for.
	toFire = 2 * time.Minute
	// toResolve is how long alerts may fire after a fault has been healed, beside what they
	// linger for.
	toResolve = time.Minute
	// toHeal is how long a lab may take to heal.
	toHeal = 3 * time.Minute
)

// watcher looks, while a case is played, for what Prometheus does not remember.
type watcher struct {
	bench *bench
	signs []faults.Sign
	stop  context.CancelFunc
	all   sync.WaitGroup

	mu        sync.Mutex
	seen      []time.Time // when each sign was seen first
	inhibited map[string]bool
}

func (b *bench) watch(ctx context.Context, c Case) *watcher {
	ctx, stop := context.WithCancel(ctx)
	w := &watcher{bench: b, stop: stop, inhibited: map[string]bool{}, seen: make([]time.Time, len(c.Faults))}
	for _, f := range c.Faults {
		w.signs = append(w.signs, f.Sign)
	}
	w.all.Go(func() { w.repeat(ctx, 200*time.Millisecond, w.look) })
	w.all.Go(func() { w.repeat(ctx, time.Second, w.askAlertmanager) })
	return w
}

func (w *watcher) repeat(ctx context.Context, every time.Duration, do func(context.Context)) {
	for ctx.Err() == nil {
		do(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// look scrapes kubevitals for signs until all have been seen.
func (w *watcher) look(ctx context.Context) {
	if !slices.ContainsFunc(w.signs, func(s faults.Sign) bool { return s.Metric != "" }) {
		return
	}
	families, err := process.Scrape(ctx, http.DefaultClient, "http://"+w.bench.exporter.address+"/metrics")
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, sign := range w.signs {
		if sign.Metric != "" && sign.In(families) {
			w.signs[i], w.seen[i] = faults.Sign{}, time.Now()
		}
	}
}

func (w *watcher) askAlertmanager(ctx context.Context) {
	names, err := w.bench.inhibited(ctx)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range names {
		w.inhibited[name] = true
	}
}

// end stops the looking.
func (w *watcher) end() {
	w.stop()
	w.all.Wait()
}

// play plays a case and heals it, whatever it comes to.
func (b *bench) play(ctx context.Context, g graph, stay time.Duration, played Case) (Result, error) {
	o := observation{began: time.Now(), injected: make([]time.Time, len(played.Faults)), healed: make([]time.Time, len(played.Faults))}
	w := b.watch(ctx, played)
	defer w.end()
	defer b.healAll(ctx)
	for i, f := range played.Faults {
		if err := b.lab.Inject(ctx, f); err != nil {
			return Result{Case: played.Name()}, err
		}
		o.injected[i] = time.Now()
	}
	first := played.Faults
	if played.Outlives {
		first = first[:1]
	}
	b.untilFiring(ctx, first, 0)
	b.wait(ctx, stay)
	heal := func(i int) error {
		healing, cancel := context.WithTimeout(ctx, toHeal)
		defer cancel()
		err := b.lab.Heal(healing, played.Faults[i].Name)
		o.healed[i] = time.Now()
		return err
	}
	for i := range played.Faults {
		if err := heal(i); err != nil {
			return Result{Case: played.Name()}, err
		}
		if played.Outlives && i == 0 {
			b.untilFiring(ctx, played.Faults[1:], b.rules.after)
			b.wait(ctx, stay)
		}
	}
	b.quiet(ctx, toResolve+b.lingers(played)+groupInterval)
	// What fired at the end is sent only now.
	b.wait(ctx, groupWait+2*time.Second)
	w.end()
	var err error
	if o.spans, err = b.fired(ctx, o.began); err != nil {
		return Result{Case: played.Name()}, err
	}
	o.notifications, o.seen, o.inhibited = b.receiver.firingSince(o.began), w.seen, w.inhibited
	return judge{b.rules, g}.of(played, o), nil
}

// lingers is the longest of those of the causes.
func (b *bench) lingers(played Case) time.Duration {
	longest := time.Duration(0)
	for _, f := range played.Faults {
		longest = max(longest, b.rules.lingers(f.Alert))
	}
	return longest
}

// untilFiring waits until the alerts of the faults fire, or are too late. They may keep quiet
// for a while before.
func (b *bench) untilFiring(ctx context.Context, all []faults.Fault, quiet time.Duration) {
	limit := time.Duration(0)
	for _, f := range all {
		limit = max(limit, quiet+toFire+b.rules.waits(f.Alert))
	}
	ctx, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		active, err := b.active(ctx)
		fires := func(f faults.Fault) bool {
			return slices.ContainsFunc(active, func(l labels) bool { return l["alertstate"] == "firing" && is(f, l) })
		}
		if err == nil && !slices.ContainsFunc(all, func(f faults.Fault) bool { return !fires(f) }) {
			return
		}
		b.wait(ctx, 500*time.Millisecond)
	}
}

// is tells whether labels are those of the alert by which a fault is to be named.
func is(f faults.Fault, of labels) bool {
	if of["alertname"] != f.Alert {
		return false
	}
	for name, value := range f.Labels {
		if of[name] != value {
			return false
		}
	}
	return true
}

func (b *bench) wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// healAll heals what was left when a case could not be played to its end.
func (b *bench) healAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), toHeal)
	defer cancel()
	for _, name := range b.lab.Injected() {
		_ = b.lab.Heal(ctx, name) // the lab is not used again
	}
}
