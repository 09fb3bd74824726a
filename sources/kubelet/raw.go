package kubelet

import (
	"context"
	"io"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/certs"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Fetcher asks kubelets once and hands out what they answer, as it is. It is safe
// for concurrent use.
type Fetcher struct {
	options Options
	client  *client
}

// NewFetcher prepares a fetcher with the credentials of cfg. It contacts no kubelet.
func NewFetcher(o Options, cfg *rest.Config) (*Fetcher, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c, err := newClient(o, cfg, (&net.Dialer{Timeout: dialTimeout}).DialContext)
	if err != nil {
		return nil, err
	}
	return &Fetcher{options: o, client: c}, nil
}

// Paths are those that collectors ask kubelets for.
func Paths() []string {
	var paths []string
	for _, e := range endpoints() {
		paths = append(paths, e.path())
	}
	return paths
}

// Fetch asks the kubelet of the node for the path and hands the body to read,
// which may fail. It tells how far the request got and, if there was no answer,
// why; health.Available otherwise; and when the certificate ends that the kubelet showed,
// zero if that is not known.
func (f *Fetcher) Fetch(ctx context.Context, node *corev1.Node, path string, read func(io.Reader) error) (Reach, health.Reason, time.Time) {
	accept := ""
	if path == metrics.path() {
		accept = "text/plain;version=0.0.4"
	}
	var serving time.Time
	err := f.client.request(ctx, targetOf(node, f.options.PreferredAddressTypes, f.options.Port), path, accept, func(by origin, body io.Reader) error {
		serving = by.serving
		return read(body)
	})
	if err != nil && serving.IsZero() {
		serving = certs.Refused(err)
	}
	return reachOf(err), health.Classify(err), serving
}

// Reduce copies the body of a path to w, less what collectors do not read and
// what may hold names or credentials.
func Reduce(path string, body io.Reader, w io.Writer) error {
	switch path {
	case statsSummary.path():
		return reduceSummary(body, w)
	case configz.path():
		return reduceConfig(body, w)
	}
	_, err := io.Copy(w, body)
	return err
}
