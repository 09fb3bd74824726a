package kubelet

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestOrigin verifies on the wire which answers of a kubelet are taken, by whose they are
// and how old they say to be. What kubevitals' own clock says does not matter.
func TestOrigin(t *testing.T) {
	t.Parallel()
	date := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	at := func(age time.Duration) string { return date.Add(-age).Format(time.RFC3339) }
	for name, tt := range map[string]struct {
		node, time string
		header     http.Header
		want       health.Reason
		says       string
	}{
		"of now":               {node: "a", time: at(10 * time.Second), want: health.Available},
		"busy":                 {node: "a", time: at(mostAge), want: health.Available},
		"a clock set back":     {node: "a", time: at(-mostAhead), want: health.Available},
		"of an hour ago":       {node: "a", time: at(time.Hour), want: health.Stale, says: "figures of 1h0m0s before the answer"},
		"of the next hour":     {node: "a", time: at(-time.Hour), want: health.Invalid, says: "figures of 1h0m0s after the answer"},
		"never measured":       {node: "a", time: "1970-01-01T00:00:00Z", want: health.Invalid, says: "do not say of when they are"},
		"of no time":           {node: "a", time: "0001-01-01T00:00:00Z", want: health.Invalid, says: "do not say of when they are"},
		"no date":              {node: "a", time: at(0), header: http.Header{"Date": nil}, want: health.Invalid, says: "does not say when it was given"},
		"a date that is none":  {node: "a", time: at(0), header: http.Header{"Date": {"today"}}, want: health.Invalid, says: "does not say when it was given"},
		"a kubelet of no name": {time: at(0), want: health.Available},
		"of another node":      {node: "b", time: at(0), want: health.Invalid, says: `kubelet of node a: get /stats/summary: the answer is that of node "b"`},
		"of a cache":           {node: "a", time: at(0), header: http.Header{"Age": {"86400"}}, want: health.Stale, says: `Age: "86400"`},
		"of a cache, just now": {node: "a", time: at(0), header: http.Header{"Age": {"0"}}, want: health.Available},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startTLS(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", date.Format(http.TimeFormat))
				for key, values := range tt.header {
					w.Header()[key] = values
				}
				_, _ = fmt.Fprintf(w, `{"node":{"nodeName":%q,"fs":{"time":%q,"availableBytes":1,"capacityBytes":2}}}`, tt.node, tt.time)
			})
			c := testClient(t, Options{CAFile: caOf(t, server)}, &rest.Config{})
			a, err := c.fetch(t.Context(), target{node: "a", host: server.Listener.Addr().String()}, statsSummary)
			if reason := health.Classify(err); reason != tt.want || tt.says != "" && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v, want %s: %s", reason, err, tt.want, tt.says)
			}
			if (a.summary.NodeFS != nil) != (tt.want == health.Available) {
				t.Errorf("taken: %+v", a.summary)
			}
		})
	}
}

// TestReducedOrigin verifies that what a snapshot keeps of statistics names no node.
func TestReducedOrigin(t *testing.T) {
	t.Parallel()
	var kept strings.Builder
	body := `{"node":{"nodeName":"secret","fs":{"time":"2026-01-01T00:00:00Z","availableBytes":1,"capacityBytes":2}}}`
	if err := Reduce(statsSummary.path(), io.MultiReader(strings.NewReader(body)), &kept); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(kept.String()); got != `{"node":{"fs":{"availableBytes":1,"capacityBytes":2},"runtime":{}}}` {
		t.Errorf("kept %s", got)
	}
}
