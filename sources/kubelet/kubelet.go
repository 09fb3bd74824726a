// Package kubelet reads the kubelets of a cluster and keeps what each of them
// said last. Kubelets are dialled directly, with the fine-grained rights
// nodes/stats, nodes/configz and nodes/metrics: the way through the API server
// needs nodes/proxy, and with that right anyone may run commands in any pod.
package kubelet

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
)

// DefaultPort is the kubelet's port where neither Options nor the node names one.
const DefaultPort = 10250

// Options say how kubelets are reached and how often they are asked.
type Options struct {
	// PreferredAddressTypes are the kinds of node addresses to dial, best first.
	PreferredAddressTypes []corev1.NodeAddressType
	// CAFile is the PEM bundle that signs the kubelets' serving certificates. It
	// is read again when it changes. Without it the roots of the system count.
	CAFile string
	// CAData is the same as PEM, where it is in no file.
	CAData []byte
	// InsecureSkipVerify accepts any serving certificate, and so gives the
	// credentials to whoever answers.
	InsecureSkipVerify bool
	// Port of all kubelets; 0 means the one in the node's status.
	Port int
	// Timeout bounds one request, from the dial to the end of the body.
	Timeout time.Duration
	// Concurrency bounds the requests to kubelets that answer. As many again may
	// wait for kubelets that do not.
	Concurrency int
	// StatsInterval is the time between two requests for statistics of one kubelet.
	// What failed is asked for again sooner.
	StatsInterval time.Duration
	// MetricsInterval is the time between two requests for metrics and for the
	// configuration of one kubelet.
	MetricsInterval time.Duration
	// AtOnce asks new kubelets as soon as Concurrency allows, and all endpoints of
	// one on the same connection. Who looks once waits for the last of them; who
	// watches for weeks need not burden every core for the first seconds.
	AtOnce bool
	// Exposition says how the kubelets' own metrics are read.
	Exposition exposition.Options
	// Recorded, if set, gives the answers instead of the kubelets, each of which is
	// asked once: what the kubelet of the node answered to a request for the path,
	// or a *NoAnswer. It is called concurrently.
	Recorded func(node, path string) (io.ReadCloser, error)
	// RecordedServing, if set, says when the certificate ended that the kubelet of the node
	// showed when it was recorded; zero if it is not known.
	RecordedServing func(node string) time.Time
}

// NoAnswer is the error of a request that was made in the past, or never.
type NoAnswer struct {
	// Reason says why there is no answer, and Reach how far the request got.
	Reason health.Reason
	Reach  Reach
}

// Error says what became of the request.
func (e *NoAnswer) Error() string { return "recorded without an answer: " + string(e.Reason) }

func (o Options) validate() error {
	switch {
	case len(o.PreferredAddressTypes) == 0:
		return errors.New("no kind of node address to dial kubelets at")
	case (o.CAFile != "" || len(o.CAData) > 0) && o.InsecureSkipVerify:
		return errors.New("a CA file and insecure verification of kubelets exclude each other")
	case o.Port < 0 || o.Port > 65535:
		return fmt.Errorf("port %d of kubelets is out of range", o.Port)
	case o.Timeout <= 0 || o.StatsInterval <= 0 || o.MetricsInterval <= 0:
		return errors.New("timeout and intervals of kubelets must be positive")
	case o.Concurrency < 1:
		return errors.New("concurrency of kubelets must be at least 1")
	}
	return nil
}

// endpoint is one of the things that a kubelet can be asked for.
type endpoint int

const (
	statsSummary endpoint = iota
	configz
	metrics
	endpointCount = iota
)

// endpoints returns all endpoints. The first one that is wanted is the one by
// which a dead kubelet's recovery is noticed.
func endpoints() [endpointCount]endpoint {
	return [endpointCount]endpoint{statsSummary, configz, metrics}
}

func (e endpoint) path() string {
	switch e {
	case statsSummary:
		return "/stats/summary"
	case configz:
		return "/configz"
	}
	return "/metrics"
}

// String returns the endpoint's name in metrics.
func (e endpoint) String() string {
	switch e {
	case statsSummary:
		return "stats_summary"
	case configz:
		return "configz"
	}
	return "metrics"
}

// Result is what is known of one kubelet. It is a snapshot: maps and slices in
// it are shared and must not be changed.
type Result struct {
	// Node is the name of the kubelet's node.
	Node string
	// Reach is how far the last requests got, and ReachedAt when that was seen.
	Reach     Reach
	ReachedAt time.Time
	Stats     Fetched[Summary]
	Config    Fetched[Config]
	Metrics   Fetched[exposition.Report]
	// ServingExpiry is when the certificate ends that the kubelet showed last, trusted or
	// not; zero if it showed none.
	ServingExpiry time.Time
}

// Reasons goes through the endpoints that are asked for: the name that each has
// in metrics, and its state. An answer in which a part cannot be is health.Invalid,
// though the rest of it counts.
func (r *Result) Reasons() iter.Seq2[string, health.Reason] {
	return func(yield func(string, health.Reason) bool) {
		for _, e := range endpoints() {
			if reason := r.reason(e); reason != "" && !yield(e.String(), reason) {
				return
			}
		}
	}
}

// Healthy reports whether the kubelet gave every answer asked of it.
func (r *Result) Healthy() bool {
	for _, reason := range r.Reasons() {
		if reason != health.Available {
			return false
		}
	}
	return true
}

// failing is the number of endpoints that gave no answer when asked last.
func (r *Result) failing() int {
	n := 0
	for _, reason := range []health.Reason{r.Stats.Reason, r.Config.Reason, r.Metrics.Reason} {
		if reason != "" && reason != health.Available {
			n++
		}
	}
	return n
}

// aged is the result as it counts now: itself, unless an answer or the reach is too old.
func (r *Result) aged(now time.Time, stats, others, turn time.Duration) *Result {
	late := health.Age(now, r.ReachedAt) > turn && r.Reach != NotTried
	if !late && !r.Stats.old(now, stats) && !r.Config.old(now, others) && !r.Metrics.old(now, others) {
		return r
	}
	as := *r
	as.Stats, as.Config, as.Metrics = r.Stats.aged(now, stats), r.Config.aged(now, others), r.Metrics.aged(now, others)
	if late {
		as.Reach = NotTried
	}
	return &as
}

func (r *Result) reason(e endpoint) health.Reason {
	switch e {
	case statsSummary:
		return r.Stats.told()
	case configz:
		return r.Config.told()
	}
	return r.Metrics.told()
}

// Fetched is the answer of one endpoint.
type Fetched[T any] struct {
	// Value holds the answer if and only if Reason is health.Available.
	Value T
	// At is when the last good answer came; zero if none ever did.
	At time.Time
	// Reason says why there is no answer. It is empty while no collector asks.
	Reason health.Reason
	// Invalid names parts of the answer that are not in Value, because they cannot be.
	Invalid []string
}

func (f *Fetched[T]) take(value T, at time.Time, invalid []string) {
	*f = Fetched[T]{Value: value, At: at, Reason: health.Available, Invalid: invalid}
}

// told is the reason as it is told of the whole answer.
func (f *Fetched[T]) told() health.Reason {
	if f.Reason == health.Available && len(f.Invalid) > 0 {
		return health.Invalid
	}
	return f.Reason
}

func (f *Fetched[T]) fail(reason health.Reason) {
	*f = Fetched[T]{At: f.At, Reason: reason}
}

// aged is the answer as it counts now: none, once it is older than limit.
func (f Fetched[T]) aged(now time.Time, limit time.Duration) Fetched[T] {
	if f.old(now, limit) {
		f.fail(health.Stale)
	}
	return f
}

// old tells whether the answer is older than limit.
func (f *Fetched[T]) old(now time.Time, limit time.Duration) bool {
	return f.Reason == health.Available && health.Age(now, f.At) > limit
}
