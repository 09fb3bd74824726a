package apiserver

import (
	"net/http"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestForeignAnswers verifies that whatever answers in the place of an API server, be it a
// cache, a page of a proxy or half of an answer, is not taken for one that is up.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	with := func(key, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header()[key] = []string{value}
			healthy(w, r)
		}
	}
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	begin := time.Now()
	frozen := begin.UTC().Format(http.TimeFormat)
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		rounds []bool // whether it is up after each, 5 s apart
	}{
		"its own":              {healthy, []bool{true}},
		"of a cache":           {with("Age", "7"), []bool{false, false}},
		"again and again":      {with("Date", frozen), []bool{true, false, false}},
		"without a date":       {func(w http.ResponseWriter, r *http.Request) { w.Header()["Date"] = nil; healthy(w, r) }, []bool{false}},
		"a page":               {with("Content-Type", "text/html"), []bool{false}},
		"a page that is plain": {text("<html>Welcome</html>"), []bool{false}},
		"nothing":              {text(""), []bool{false}},
		"cut off":              {text("[+]ping ok\n[+]etcd o"), []bool{false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProber(t, Options{}, newServer(t, tt.answer).config(), nothing())
			now := begin
			p.now = func() time.Time { return now }
			instance := p.instances[configuredOf(t, p)]
			for n, up := range tt.rounds {
				h, err := probeHealth(t.Context(), instance, healthAnswer{})
				if err != nil || h.up != up {
					t.Errorf("round %d: up %t, %v", n+1, h.up, err)
				}
				for _, probe := range h.probes {
					if (probe.Outcome == health.Available) != up {
						t.Errorf("round %d: %s is %s", n+1, probe.Name, probe.Outcome)
					}
				}
				if _, unanswered := p.ReadsUnanswered(); unanswered == up {
					t.Errorf("round %d: reads unanswered: %t", n+1, unanswered)
				}
				for _, source := range []string{readSource, checksSource} {
					if err := instance.refusals[source]; (err == nil) != up {
						t.Errorf("round %d: %s: %v", n+1, source, err)
					}
				}
				if len(h.checks) > 0 != up {
					t.Errorf("round %d: checks %v", n+1, h.checks)
				}
				now = now.Add(5 * time.Second)
			}
		})
	}
}

// configuredOf is the address of the one server that a prober knows.
func configuredOf(t *testing.T, p *Prober) string {
	t.Helper()
	for address := range p.instances {
		return address
	}
	t.Fatal("no server is known")
	return ""
}

// TestForeignWrites verifies that a page in the place of what was written is no success.
func TestForeignWrites(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>"))
			return
		}
		healthy(w, r)
	})
	p := newProber(t, Options{WriteLease: "kubevitals/write"}, s.config(), nothing())
	write, err := probeWrite(t.Context(), p.instances[configuredOf(t, p)], Probe{})
	if err != nil || write.Outcome != health.Failed {
		t.Errorf("%+v, %v", write, err)
	}
}
