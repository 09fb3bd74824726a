package kubelet

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/kubevitals/kubevitals/sources/health"
)

// trouble logs failures without flooding the log when a thousand kubelets fail
// in the same way: the first one of its kind is a warning, with its error as an
// example; the metrics tell which nodes are concerned. But for example, it is used
// by one goroutine at a time.
type trouble struct {
	logger *slog.Logger
	// kubelets is how many are in that kind of trouble now.
	kubelets map[kind]int

	mu sync.Mutex
	// examples has one error for each kind of trouble that kubelets are in: that of
	// the first of the nodes by name, so that two looks at the same quote the same.
	examples map[kind]example
}

type example struct {
	node string
	err  error
}

type kind struct {
	endpoint endpoint
	reason   health.Reason
}

func newTrouble(logger *slog.Logger) *trouble {
	return &trouble{logger: logger, kubelets: map[kind]int{}, examples: map[kind]example{}}
}

// changed notes what a request came to after the one before it came to was.
func (t *trouble) changed(node string, e endpoint, was, is health.Reason, err error) {
	t.over(node, e, was)
	if is == health.Available {
		return
	}
	k := kind{e, is}
	t.kubelets[k]++
	t.remember(k, example{node, err})
	log := t.logger.Debug
	if was != is && t.kubelets[k] == 1 {
		log = t.logger.Warn
	}
	log("Kubelet cannot be read", "node", node, "endpoint", e.String(), "reason", string(is), "err", err)
}

// over notes that a kubelet is no longer in the state was. If it was the example,
// another will be when it is next asked.
func (t *trouble) over(node string, e endpoint, was health.Reason) {
	k := kind{e, was}
	switch n := t.kubelets[k]; {
	case n > 1:
		t.kubelets[k] = n - 1
	case n == 1:
		delete(t.kubelets, k)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.examples[k].node == node {
		delete(t.examples, k)
	}
}

func (t *trouble) remember(k kind, one example) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept, ok := t.examples[k]; !ok || one.node <= kept.node {
		t.examples[k] = one
	}
}

// example returns an error of that kind. One kubelet that cannot be reached
// is not asked for its other endpoints: then it is why it cannot.
func (t *trouble) example(name string, reason health.Reason) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var other error
	for _, e := range endpoints() {
		switch err := t.examples[kind{e, reason}].err; {
		case err == nil:
		case e.String() == name:
			return err
		default:
			// What was asked for is not the reason that nothing was reached.
			if unreached, ok := errors.AsType[*unreachedError](err); ok {
				other = unreached.err
			}
		}
	}
	return other
}
