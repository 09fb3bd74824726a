package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/sources/exposition"
)

// TestRejected verifies that what was refused for whatever reason is one number of each
// flow, and that neither clients that went away count nor figures that cannot be.
func TestRejected(t *testing.T) {
	t.Parallel()
	const name = "apiserver_flowcontrol_rejected_requests_total"
	body := "# TYPE " + name + " counter\n" +
		name + `{flow_schema="batch",priority_level="workload-low",reason="queue-full"} 7` + "\n" +
		name + `{flow_schema="batch",priority_level="workload-low",reason="time-out"} 3` + "\n" +
		name + `{flow_schema="batch",priority_level="workload-low",reason="cancelled"} 1000` + "\n" +
		name + `{flow_schema="probes",priority_level="exempt",reason="queue-full"} 0` + "\n" +
		name + `{flow_schema="odd",priority_level="exempt",reason="queue-full"} NaN` + "\n" +
		name + `{flow_schema="more",priority_level="exempt",reason="queue-full"} +Inf` + "\n" +
		name + `{flow_schema="less",priority_level="exempt",reason="queue-full"} -1` + "\n"
	m, err := countBody(strings.NewReader(body), exposition.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[Flow]float64{{Schema: "batch", Level: "workload-low"}: 10}, m.Rejected); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRejectedIsBounded verifies that of more flows than are told apart none is lost.
func TestRejectedIsBounded(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for n := range 3 * mostFlows {
		_, _ = fmt.Fprintf(&body, "apiserver_flowcontrol_rejected_requests_total{flow_schema=\"f%d\",priority_level=\"p\",reason=\"queue-full\"} 2\n", n)
	}
	m, err := countBody(strings.NewReader(body.String()), exposition.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, n := range m.Rejected {
		sum += n
	}
	if len(m.Rejected) != mostFlows+1 || sum != 6*mostFlows {
		t.Errorf("%d flows with %v requests, want %d with %d", len(m.Rejected), sum, mostFlows+1, 6*mostFlows)
	}
}

// TestMetricsAgain verifies that they are read once more when that is wanted, long before
// they would be.
func TestMetricsAgain(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			healthy(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, "apiserver_flowcontrol_rejected_requests_total{flow_schema=\"f\",priority_level=\"p\",reason=\"queue-full\"} %d\n", 100*reads.Add(1))
	})
	p := newProber(t, Options{MetricsInterval: time.Hour}, s.config(), nothing())
	p.WantMetrics()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	for n := range 3 {
		if n > 0 {
			p.ReadMetricsAgain()
		}
		for p.MetricsStarting() && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		if got := p.Results()[0].Metrics.Rejected[Flow{"f", "p"}]; got != float64(100*(n+1)) {
			t.Fatalf("%v requests were refused at reading %d", got, n+1)
		}
	}
}
