package kubelet

import (
	"log/slog"

	"github.com/kubevitals/kubevitals/collectors/watch"
)

// trouble logs failures without flooding the log when a thousand kubelets fail
// in the same way: the first one of its kind is a warning, with its error as an
// example; the metrics tell which nodes are concerned. It is used by one
// goroutine at a time.
type trouble struct {
	logger *slog.Logger
	// kubelets is how many are in that kind of trouble now.
	kubelets map[kind]int
}

type kind struct {
	endpoint endpoint
	reason   watch.Reason
}

func newTrouble(logger *slog.Logger) *trouble {
	return &trouble{logger: logger, kubelets: map[kind]int{}}
}

// changed notes what a request came to after the one before it came to was.
func (t *trouble) changed(node string, e endpoint, was, is watch.Reason, err error) {
	t.over(e, was)
	if is == watch.Available {
		return
	}
	k := kind{e, is}
	t.kubelets[k]++
	log := t.logger.Debug
	if was != is && t.kubelets[k] == 1 {
		log = t.logger.Warn
	}
	log("Kubelet cannot be read", "node", node, "endpoint", e.String(), "reason", string(is), "err", err)
}

// over notes that a kubelet is no longer in the state was.
func (t *trouble) over(e endpoint, was watch.Reason) {
	k := kind{e, was}
	switch n := t.kubelets[k]; {
	case n > 1:
		t.kubelets[k] = n - 1
	case n == 1:
		delete(t.kubelets, k)
	}
}
