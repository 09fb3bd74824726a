package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// TestAPIServerMetricsOfOverload makes a priority level that can do next to nothing at once
// and asks for much: rules read what the API server then says of it by these names.
func TestAPIServerMetricsOfOverload(t *testing.T) {
	const level = "narrow"
	remove, err := faults.Limit(t.Context(), shared.Cluster, level)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	config := shared.RESTConfig()
	config.Impersonate = rest.ImpersonationConfig{UserName: level, Groups: []string{"system:authenticated"}}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	err = cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		// Those that are let in take their time; what counts are those that are not.
		some, cancel := context.WithTimeout(ctx, 5*time.Second)
		faults.Flood(some, client, config.Host+"/api/v1/pods?resourceVersion=", 50)
		cancel()
		text, err := shared.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
		if err != nil {
			return err
		}
		for _, start := range []string{
			`apiserver_flowcontrol_rejected_requests_total{flow_schema="` + level + `",priority_level="` + level + `",reason="`,
			`apiserver_flowcontrol_request_wait_duration_seconds_bucket{execute="true",flow_schema="` + level + `",priority_level="` + level + `",le="`,
		} {
			if !strings.Contains(string(text), "\n"+start) {
				return fmt.Errorf("no %s", start)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
