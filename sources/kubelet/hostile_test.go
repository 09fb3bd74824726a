package kubelet

import (
	"io"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/test/hostile"
)

// TestHostileAnswersCostLittle verifies that no answer takes more memory than one source
// may, however it is made. It runs alone: the memory of others would count.
//
//nolint:paralleltest // see above
func TestHostileAnswersCostLittle(t *testing.T) {
	// A quarter of the default limit: what is kept has long stopped to grow.
	c := &client{exposition: exposition.Options{TopN: 5, BodyLimit: 64 << 20}}
	for e, bodies := range map[endpoint][]hostile.Body{
		statsSummary: hostile.Summaries(), configz: hostile.Configs(), metrics: hostile.Expositions(),
	} {
		for _, body := range bodies {
			t.Run(e.String()+"/"+body.Name, func(t *testing.T) {
				var (
					err error
					a   answer
				)
				peak := hostile.Peak(func() { a, err = c.decode(e, origin{node: "n"}, body.Open()) })
				if peak > hostile.Budget {
					t.Errorf("%d MiB of memory", peak>>20)
				}
				if e == metrics && err == nil && !a.report.Truncated || e != metrics && health.Classify(err) != health.Invalid {
					t.Errorf("taken for an answer: %v", err)
				}
				if err != nil && len(err.Error()) > 1<<10 {
					t.Errorf("the error has %d bytes", len(err.Error()))
				}
			})
		}
	}
}

// TestSummaryWithinBounds verifies that what real kubelets answer is far from the bounds.
func TestSummaryWithinBounds(t *testing.T) {
	t.Parallel()
	pod := `{"podRef":{"name":"p","namespace":"n"},"containers":[` + strings.Repeat(`{"name":"c","rootfs":{"usedBytes":1},"userDefinedMetrics":null},`, 20) + `{}]}`
	network := `"network":{"interfaces":[` + strings.Repeat(`{"name":"veth0123456789","rxBytes":18446744073709551615,"rxErrors":0,"txBytes":18446744073709551615},`, 1000) + `{}]}`
	body := `{"node":{` + network + `,"fs":{"availableBytes":1,"capacityBytes":2}},"pods":[` + strings.Repeat(pod+",", 1000) + `{}]}`
	if s, err := decodeSummary(strings.NewReader(body), origin{}); err != nil || s.NodeFS == nil {
		t.Errorf("%+v, %v", s, err)
	}
	for _, l := range []bounded.JSON{summaryLimits(), configLimits()} {
		if _, err := io.ReadAll(l.Reader(strings.NewReader(summaryBody))); err != nil {
			t.Error(err)
		}
	}
}
