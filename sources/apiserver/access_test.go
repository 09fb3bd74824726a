package apiserver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/sources/health"
)

// answering is healthy but at paths that contain the text.
func answering(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, text) {
			w.WriteHeader(code)
			return
		}
		healthy(w, r)
	}
}

func reasons(p *Prober) map[string]health.Reason {
	all := map[string]health.Reason{}
	for _, s := range p.Access() {
		all[s.Source] = s.Reason
	}
	return all
}

func TestAccess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string
		code       int
		want       map[string]health.Reason // that differ from available
	}{
		{"all rights", "nowhere", 403, nil},
		{"no checks", "/readyz", 403, map[string]health.Reason{checksSource: health.Forbidden}},
		{"no reads", "/namespaces/kube-system", 403, map[string]health.Reason{readSource: health.Forbidden}},
		{"a token that ended", "/namespaces/kube-system", 401, map[string]health.Reason{readSource: health.Unauthorized}},
		{"no Lease to write", "/leases/", 404, map[string]health.Reason{writeSource: health.NotFound}},
		{"no writes", "/leases/", 403, map[string]health.Reason{writeSource: health.Forbidden}},
		{"no metrics", "/metrics", 403, map[string]health.Reason{metricsSource: health.Forbidden}},
		{"metrics that break", "/metrics", 500, map[string]health.Reason{metricsSource: health.Failed}},
		// A read that fails is what the probes are there to tell; the source is available.
		{"reads that fail", "/namespaces/kube-system", 500, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProber(t, Options{WriteLease: "kubevitals/write"}, newServer(t, answering(tt.code, tt.path)).config(), nothing())
			p.WantMetrics()
			if got := p.Access(); got != nil {
				t.Errorf("%v before any server was asked", got)
			}
			round(t, p)
			want := map[string]health.Reason{}
			for _, source := range sources() {
				want[source] = health.Available
				if other, ok := tt.want[source]; ok {
					want[source] = other
				}
			}
			if diff := cmp.Diff(want, reasons(p)); diff != "" {
				t.Errorf("access (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAccessOfOneIsEnough: what one API server refuses another may allow.
func TestAccessOfOneIsEnough(t *testing.T) {
	t.Parallel()
	one := newServer(t, answering(403, "/namespaces/kube-system"))
	other := newServer(t, healthy)
	p := newProber(t, Options{Endpoints: []string{other.address()}}, one.config(), nothing())
	round(t, p)
	if got := reasons(p)[readSource]; got != health.Available {
		t.Errorf("reads are %s, want available", got)
	}
}

// TestAccessOfADeadServer: what could be asked cannot be asked any more.
func TestAccessOfADeadServer(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	p := newProber(t, Options{WriteLease: "kubevitals/write"}, s.config(), nothing())
	round(t, p)
	s.Close()
	round(t, p)
	want := map[string]health.Reason{checksSource: health.Unreachable, readSource: health.Unreachable, writeSource: health.Unreachable}
	if diff := cmp.Diff(want, reasons(p)); diff != "" {
		t.Errorf("access (-want +got):\n%s", diff)
	}
}

// TestAccessSaysNothing of servers that do not answer, and of what is not asked.
func TestAccessSaysNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	p := newProber(t, Options{}, s.config(), nothing())
	s.Close()
	round(t, p)
	if got := p.Access(); got != nil {
		t.Errorf("%v of a dead server", got)
	}
}

// TestRecordedAccess: what could not be asked when a record was made is not seen in
// it either, whatever words the record has for the reason.
func TestRecordedAccess(t *testing.T) {
	t.Parallel()
	p := newProber(t, Options{Recorded: []Recorded{}, RecordedAccess: map[string]health.Reason{
		readSource: health.Forbidden, checksSource: health.Available, metricsSource: "\"}\n", "another": health.Timeout,
	}}, newServer(t, healthy).config(), nothing())
	want := map[string]health.Reason{readSource: health.Forbidden, checksSource: health.Available, metricsSource: health.Failed}
	if diff := cmp.Diff(want, reasons(p)); diff != "" {
		t.Errorf("access (-want +got):\n%s", diff)
	}
}
