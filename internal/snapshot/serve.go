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

// Serve serves the objects as an API on loopback, until ctx ends or the
// cluster is closed. Nothing moves in it.
func (s *Snapshot) Serve(ctx context.Context, logger *slog.Logger) (*fakecluster.Cluster, error) {
	spec := &fakecluster.Spec{
		Version: s.Version, Objects: s.Objects, Refused: s.refused,
		APIServers: []fakecluster.APIServer{{Name: "snapshot"}},
	}
	// The clock of the fake cluster is the real one: its certificates are new.
	c, err := fakecluster.Start(ctx, spec, fakecluster.Options{Logger: logger, Frozen: true})
	if err != nil {
		return nil, fmt.Errorf("%s: serve the snapshot: %w", s.Path, err)
	}
	return c, nil
}

// Configure makes sources read the snapshot: the objects from where it is served,
// all else from the files. Their clock stands still at the time of the snapshot, so
// that results are the same each time and nothing looks old for the age of the
// dump.
func (s *Snapshot) Configure(c *sources.Config) {
	c.Now = s.Now
	c.Kubelet.Recorded = s.answer
	c.APIServers.Recorded = s.recordedServers()
	if s.Manifest != nil {
		c.APIServers.RecordedAccess = s.Manifest.Questions
	}
}

// Window is the time between the two recordings of a snapshot, 15 s in dumps that
// have none.
func (s *Snapshot) Window() time.Duration {
	if s.Manifest == nil || s.Manifest.Window.Duration <= 0 {
		return 15 * time.Second
	}
	return s.Manifest.Window.Duration
}

// Now is the time of the snapshot.
func (s *Snapshot) Now() time.Time { return s.Taken }

// answer is what a kubelet answered when the snapshot was taken. A kubelet that the
// dump does not have is neither dead nor alive.
func (s *Snapshot) answer(node, path string) (io.ReadCloser, error) {
	bodies := s.kubelets[node]
	if bodies != nil && (*bodies)[path] != nil {
		return (*bodies)[path]()
	}
	none := &kubelet.NoAnswer{Reason: health.NotFound, Reach: kubelet.NotTried}
	if bodies != nil {
		none.Reach = kubelet.Answers // to something else
	}
	if s.Manifest != nil {
		if state, ok := s.Manifest.Kubelets[node]; ok {
			none.Reach = state.Reach
			if reason := state.Reasons[path]; reason != "" && reason != health.Available {
				none.Reason = reason
			}
		}
	}
	return nil, none
}

func (s *Snapshot) recordedServers() []apiserver.Recorded {
	byName := map[string]apiserver.Recorded{}
	if s.Manifest != nil {
		for name, state := range s.Manifest.APIServers {
			byName[name] = apiserver.Recorded{Server: name, StreamLimit: state.StreamLimit, Reason: state.Reason}
		}
	}
	for name, b := range s.servers {
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

// dashboardNamespace need not exist. A snapshot that has the pods of kube-system and
// none of it counts as without: what is looked for there is an addon, and of
// addons that do not exist nothing is said.
const dashboardNamespace = "kubernetes-dashboard"

// refused tells how a list is refused that the snapshot does not have.
func (s *Snapshot) refused(resource schema.GroupResource, namespace string) *metav1.Status {
	if s.Manifest != nil {
		l := s.Manifest.list(resource.String(), namespace)
		switch {
		case l == nil:
			return refusal(health.NotFound, resource)
		case l.Reason == health.Available:
			return nil
		}
		return refusal(l.Reason, resource)
	}
	c := s.coverage[resource.String()]
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
