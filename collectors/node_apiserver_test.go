package collectors

import (
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/nodeapiserver"
)

// TestNodeAPIServer is a node whose connections are taken and then go nowhere.
func TestNodeAPIServer(t *testing.T) {
	t.Parallel()
	golden(t, nodeAPIServerName, nodeAPIServerCollector{node: "n1", result: func() (nodeapiserver.Result, error) {
		return nodeapiserver.Result{Reason: health.Timeout, Took: map[nodeapiserver.Stage]time.Duration{nodeapiserver.Connect: 3 * time.Millisecond}}, nil
	}}, NodeAPIServer().Metrics)
}
