package e2e

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// wellLab starts a cluster that lacks nothing, and returns when all is well.
func wellLab(t *testing.T, o cluster.Options, args ...string) (*lab, *cluster.MetricsAPI) {
	t.Helper()
	l := ownLabOf(t, o, args...)
	names := []string{}
	for _, k := range l.Kubelets() {
		names = append(names, k.Name)
	}
	api, err := l.ServeMetricsAPI(t.Context(), cluster.PodMetrics{CPU: "100m", Nodes: names})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	l.vitals.eventually(t, time.Minute, func(s samples) error {
		errs := []error{allWell(s), s.want(1, "metrics_api_available", "api", "resource", "reason", "Passed")}
		for _, name := range names {
			errs = append(errs, nodeIsReady(s, name))
		}
		return errors.Join(append(errs, s.want(float64(len(names)), "metrics_api_nodes", "figures", "some"))...)
	})
	return l, api
}

// TestAllClear checks a cluster that lacks nothing, as a user does it who wants to
// know whether all is well: with nothing left out.
func TestAllClear(t *testing.T) {
	l, _ := wellLab(t, cluster.Options{Nodes: 3})
	args := slices.Concat([]string{"check", "--window=2s"}, l.live())
	code, stdout, stderr, err := once(t.Context(), nil, args...)
	if err != nil || code != nothingWrong || stderr != "" || !strings.Contains(stdout, "\nAll clear: none of ") {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	// The cluster and when, an empty line, the verdict, and what is not there, was not
	// looked at, and is left to Prometheus.
	if lines := strings.Count(stdout, "\n"); lines > 6 {
		t.Errorf("%d lines say that all is well:\n%s", lines, stdout)
	}
}
