package snapshot

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/leases"
)

// REST is the configuration of the sources for a cluster without API servers: there
// is none to be asked.
func (s *Snapshot) REST() *rest.Config {
	return &rest.Config{Host: "https://snapshot.invalid", Transport: noServer{}}
}

// noServer is a transport that leads nowhere.
type noServer struct{}

// RoundTrip fails.
func (noServer) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("a snapshot has no API server")
}

// Configure makes sources read the snapshot. Their clock stands still at its time, so
// that results are the same each time and nothing looks old for its age.
func (s *Snapshot) Configure(c *sources.Config) {
	c.REST, c.Now, c.Lister = s.REST(), s.Now, lister{s}
	c.Dump = leases.Dump{Taken: s.Taken, Written: s.written}
	c.Kubelet.Recorded = s.answer
	c.APIServers.Recorded = s.recordedServers()
	if s.Manifest != nil {
		c.APIServers.RecordedAccess = s.Manifest.Questions
		c.Kubelet.RecordedServing = func(node string) time.Time { return s.Manifest.KubeletCertificates[node].Time }
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
