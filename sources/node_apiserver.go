package sources

import (
	"time"

	"github.com/kubevitals/kubevitals/sources/host/nodeapiserver"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// NodeAPIServer tries the address of the API server that pods of the node use.
func (s *Sources) NodeAPIServer(interval, timeout time.Duration) (*rounds.Poll[nodeapiserver.Result], error) {
	p, err := nodeapiserver.New(s.config.REST, timeout, s.Now)
	if err != nil {
		return nil, err
	}
	return PollHost(s, "node_apiserver", max(interval, timeout+time.Second), p.Ask), nil
}
