package snapshot

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// Play plays the objects back as an API on loopback, until ctx ends or the
// cluster is closed. Nothing moves in it.
func (d *Dump) Play(ctx context.Context, logger *slog.Logger) (*fakecluster.Cluster, error) {
	snapshot := &fakecluster.Snapshot{
		Version: d.Version, Objects: d.Objects, Refused: d.refused,
		APIServers: []fakecluster.APIServer{{Name: "dump"}},
	}
	// The clock of the playback is the real one: its certificates are new.
	c, err := fakecluster.Start(ctx, snapshot, fakecluster.Options{Logger: logger, Frozen: true})
	if err != nil {
		return nil, fmt.Errorf("%s: play the dump: %w", d.Path, err)
	}
	return c, nil
}

// Configure makes sources read the dump: the objects from where it is played,
// all else from the files. Their clock stands still at the time of the dump, so
// that results are the same each time and nothing looks old for the age of the
// dump.
func (d *Dump) Configure(c *sources.Config) {
	c.Now = d.Now
	c.Kubelet.Recorded = d.answer
	c.APIServers.Recorded = d.recordedServers()
	if d.Manifest != nil {
		c.APIServers.RecordedAccess = d.Manifest.Questions
	}
}

// Window is the time between the two recordings of a snapshot, 15 s in dumps that
// have none.
func (d *Dump) Window() time.Duration {
	if d.Manifest == nil || d.Manifest.Window.Duration <= 0 {
		return 15 * time.Second
	}
	return d.Manifest.Window.Duration
}

// Now is the time of the dump.
func (d *Dump) Now() time.Time { return d.Taken }

// answer is what a kubelet answered when the dump was taken. A kubelet that the
// dump does not have is neither dead nor alive.
func (d *Dump) answer(node, path string) (io.ReadCloser, error) {
	bodies := d.kubelets[node]
	if bodies != nil && (*bodies)[path] != nil {
		return (*bodies)[path]()
	}
	none := &kubelet.NoAnswer{Reason: health.NotFound, Reach: kubelet.NotTried}
	if bodies != nil {
		none.Reach = kubelet.Answers // to something else
	}
	if d.Manifest != nil {
		if state, ok := d.Manifest.Kubelets[node]; ok {
			none.Reach = state.Reach
			if reason := state.Reasons[path]; reason != "" && reason != health.Available {
				none.Reason = reason
			}
		}
	}
	return nil, none
}

func (d *Dump) recordedServers() []apiserver.Recorded {
	byName := map[string]apiserver.Recorded{}
	if d.Manifest != nil {
		for name, state := range d.Manifest.APIServers {
			byName[name] = apiserver.Recorded{Server: name, StreamLimit: state.StreamLimit, Reason: state.Reason}
		}
	}
	for name, b := range d.servers {
		r := byName[name]
		r.Server, r.Metrics = name, b
		byName[name] = r
	}
	recorded := []apiserver.Recorded{} // not nil: there is nothing to probe
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		r := byName[name]
		if r.Metrics == nil && (r.Reason == "" || r.Reason == health.Available) {
			r.Reason = health.NotFound
		}
		recorded = append(recorded, r)
	}
	return recorded
}

// dashboardNamespace need not exist. A dump that has the pods of kube-system and
// none of it counts as without: what is looked for there is an addon, and of
// addons that do not exist nothing is said.
const dashboardNamespace = "kubernetes-dashboard"

// refused tells how a list is refused that the dump does not have.
func (d *Dump) refused(resource schema.GroupResource, namespace string) *metav1.Status {
	if d.Manifest != nil {
		l := d.Manifest.list(resource.String(), namespace)
		switch {
		case l == nil:
			return refusal(health.NotFound, resource)
		case l.Reason == health.Available:
			return nil
		}
		return refusal(l.Reason, resource)
	}
	c := d.coverage[resource.String()]
	switch {
	case c.has(namespace):
		return nil
	case resource.Resource == "pods" && namespace == dashboardNamespace && c.has(metav1.NamespaceSystem):
		return nil
	case resource.String() == nodeMetricsKind.key():
		// That the API does not exist would be a statement about the cluster.
		return refusal(health.Forbidden, resource)
	}
	return refusal(health.NotFound, resource)
}

// refusal is an answer that reads as the reason.
func refusal(reason health.Reason, resource schema.GroupResource) *metav1.Status {
	s := &metav1.Status{
		Status: metav1.StatusFailure, Message: resource.String() + ": not in the dump",
		Code: http.StatusInternalServerError, Reason: metav1.StatusReasonInternalError,
	}
	switch reason {
	case health.Unauthorized:
		s.Code, s.Reason = http.StatusUnauthorized, metav1.StatusReasonUnauthorized
	case health.Forbidden:
		s.Code, s.Reason = http.StatusForbidden, metav1.StatusReasonForbidden
	case health.NotFound:
		s.Code, s.Reason = http.StatusNotFound, metav1.StatusReasonNotFound
	case health.Overloaded:
		s.Code, s.Reason = http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable
	case health.Timeout:
		s.Code, s.Reason = http.StatusGatewayTimeout, metav1.StatusReasonTimeout
	}
	return s
}
