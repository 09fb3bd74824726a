package collectors

import (
	"bytes"
	"errors"
	"testing"

	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/test/leakybody"
)

// leaky is the report of a kubelet with that many leaked reflectors.
func leaky(t *testing.T, reflectors int) exposition.Report {
	t.Helper()
	var body bytes.Buffer
	if err := leakybody.Write(&body, reflectors); err != nil {
		t.Fatal(err)
	}
	report, err := exposition.Parse(&body, exposition.Options{TopN: 3})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func small(t *testing.T) exposition.Report {
	t.Helper()
	report, err := exposition.Parse(bytes.NewBufferString("up 1\n"), exposition.Options{TopN: 3, BodyLimit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestMetricCardinality(t *testing.T) {
	t.Parallel()
	cut := small(t)
	cut.Truncated = true
	c := metricCardinalityCollector{
		ready: func() error { return nil },
		least: 2000,
		kubelets: func() []*kubelet.Result {
			return []*kubelet.Result{
				{Node: "dead", Metrics: kubelet.Fetched[exposition.Report]{Value: small(t), Reason: health.Unreachable}},
				{Node: "healthy", Metrics: kubelet.Fetched[exposition.Report]{Value: small(t), Reason: health.Available}},
				{Node: "huge", Metrics: kubelet.Fetched[exposition.Report]{Value: cut, Reason: health.Available}},
				{Node: "leaky", Metrics: kubelet.Fetched[exposition.Report]{Value: leaky(t, leakybody.GuideReflectors), Reason: health.Available}},
			}
		},
		servers: func() []apiserver.Result {
			return []apiserver.Result{
				{Server: "10.0.0.1:6443", Metrics: apiserver.Metrics{Report: small(t), Reason: health.Available}},
				{Server: "10.0.0.2:6443", Metrics: apiserver.Metrics{Reason: health.Forbidden}},
			}
		},
	}
	golden(t, metricCardinalityName, c, MetricCardinality().Metrics)
}

func TestMetricCardinalityIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("nodes: forbidden")
	c := metricCardinalityCollector{ready: func() error { return blind }}
	if err := c.Collect(t.Context(), nil); !errors.Is(err, blind) {
		t.Errorf("Collect: %v, want the error of the node list", err)
	}
}
