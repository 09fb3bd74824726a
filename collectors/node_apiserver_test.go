package collectors

import (
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors/apireach"
	"github.com/kubevitals/kubevitals/collectors/watch"
)

// TestNodeAPIServer is a node whose connections are taken and then go nowhere.
func TestNodeAPIServer(t *testing.T) {
	t.Parallel()
	golden(t, nodeAPIServerName, nodeAPIServer{node: "n1", result: func() (apireach.Result, error) {
		return apireach.Result{Reason: watch.Timeout, Took: map[apireach.Stage]time.Duration{apireach.Connect: 3 * time.Millisecond}}, nil
	}}, NodeAPIServer().Metrics)
}
