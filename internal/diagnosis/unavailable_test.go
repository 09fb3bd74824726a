package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// ok lets something be evaluated.
const ok = "kubevitals_scrape_collector_success{collector=\"ok\"} 1\n"

// TestUnavailable verifies that what cannot be read comes with its error but without
// the address of the request, and apart from what is absent.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	r := diagnose(t, ok+`
kubevitals_source_available{source="pods",reason="unreachable"} 0
kubevitals_source_available{source="leases",reason="available"} 1
kubevitals_source_available{source="node_metrics",reason="not_found"} 0
kubevitals_scrape_collector_success{collector="pending_pods"} 0
kubevitals_scrape_collector_success{collector="etcd"} 0
`, diagnosis.Options{})
	want := []diagnosis.Unavailable{
		{Kind: diagnosis.Collector, Name: "etcd", Reason: "failed", Detail: "no certificate"},
		{Kind: diagnosis.Collector, Name: "pending_pods", Reason: "failed", Detail: "connection refused", WaitsFor: "pods"},
		{Kind: diagnosis.Source, Name: "pods", Reason: "unreachable", Detail: "connection refused"},
	}
	if diff := cmp.Diff(want, r.Unavailable); diff != "" {
		t.Errorf("unavailable (-want +got):\n%s", diff)
	}
	want = []diagnosis.Unavailable{
		{Kind: diagnosis.Source, Name: "node_metrics", Reason: "not_found"}, {Kind: diagnosis.Collector, Name: "recorded", Reason: "not_found"},
	}
	if diff := cmp.Diff(want, r.Absent); diff != "" {
		t.Errorf("absent (-want +got):\n%s", diff)
	}
	if r.Complete() {
		t.Error("complete, though something is unavailable")
	}
}

// TestComplete verifies that what does not exist makes no result incomplete, and
// that what cannot be read does.
func TestComplete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scrape           string
		firing, complete bool
		alerts           []string
	}{
		"nothing":                        {ok, false, true, nil},
		"nothing asked":                  {"other 1\n", false, true, nil},
		"a source that does not exist":   {ok + `kubevitals_source_available{source="cached_reads",reason="not_found"} 0` + "\n", false, true, nil},
		"a source that cannot be read":   {ok + `kubevitals_source_available{source="pods",reason="forbidden"} 0` + "\n", false, false, []string{"SourceUnavailable"}},
		"a full disk":                    {ok + "kubevitals_sick_full 1\n", true, true, []string{"FiresNot"}},
		"both":                           {ok + "kubevitals_sick_full 1\n" + `kubevitals_source_available{source="pods",reason="timeout"} 0` + "\n", true, false, []string{"FiresNot", "SourceUnavailable"}},
		"a kubelet that cannot be read":  {ok + `kubevitals_kubelet_available{endpoint="configz",reason="tls"} 0` + "\n", false, false, []string{"KubeletsUnreadable"}},
		"a kubelet that does not answer": {ok + `kubevitals_kubelet_available{endpoint="configz",reason="timeout"} 0` + "\n", false, false, []string{"KubeletsUnreadable"}},
	} {
		r := diagnose(t, test.scrape, diagnosis.Options{})
		if r.Firing() != test.firing || r.Complete() != test.complete || !slices.Equal(firing(r), test.alerts) {
			t.Errorf("%s: firing is %t, complete %t: %v", name, r.Firing(), r.Complete(), firing(r))
		}
	}
}

// TestErrorsBehindFindings verifies that findings about what cannot be read have the
// reasons and errors, which are no labels of theirs, and those of the cluster none.
func TestErrorsBehindFindings(t *testing.T) {
	t.Parallel()
	for scrape, want := range map[string]struct {
		detail  string
		reasons []string
	}{
		`kubevitals_source_available{source="pods",reason="unreachable"} 0`:   {"connection refused", []string{"unreachable"}},
		`kubevitals_scrape_collector_success{collector="etcd"} 0`:             {"no certificate", nil},
		`kubevitals_kubelet_available{endpoint="configz",reason="tls"} 0`:     {"kubelet n: unknown authority", []string{"tls"}},
		`kubevitals_kubelet_available{endpoint="configz",reason="timeout"} 0`: {"", []string{"timeout"}},
		`kubevitals_kubelet_available{node="n",endpoint="configz",reason="timeout"} 0
kubevitals_kubelet_available{node="m",endpoint="configz",reason="tls"} 0
kubevitals_kubelet_available{node="m",endpoint="metrics",reason="available"} 1`: {"kubelet n: unknown authority", []string{"timeout", "tls"}},
		`kubevitals_sick_full{source="pods",collector="etcd",reason="tls"} 1`: {"", nil},
	} {
		r := diagnose(t, scrape+"\n", diagnosis.Options{})
		if len(r.Alerts) != 1 || len(r.Alerts[0].Findings) != 1 {
			t.Errorf("%s: %v fire", scrape, firing(r))
			continue
		}
		f := r.Alerts[0].Findings[0]
		if f.Detail != want.detail || !slices.Equal(f.Reasons, want.reasons) {
			t.Errorf("%s: %q for %v, want %q for %v", scrape, f.Detail, f.Reasons, want.detail, want.reasons)
		}
		for _, e := range f.Evidence {
			if strings.Contains(e.Series, "available\"}") {
				t.Errorf("%s: evidence of what can be read: %s", scrape, e.Series)
			}
		}
	}
}

// TestKubeletsOfADump verifies that answers which a dump does not hold count neither as
// good nor as refused, and that those of the others which were refused are told of.
func TestKubeletsOfADump(t *testing.T) {
	t.Parallel()
	const lacking = ok + `
kubevitals_kubelet_available{node="a",endpoint="configz",reason="not_found"} 0
kubevitals_kubelet_available{node="b",endpoint="configz",reason="not_found"} 0
`
	snapshot := func(seen *diagnosis.Observation) { seen.Snapshot = true }
	if r := observe(t, lacking, diagnosis.Options{}, snapshot); len(r.Alerts) > 0 || !r.Complete() {
		t.Errorf("%v fire for what the dump lacks, complete is %t", firing(r), r.Complete())
	}
	r := observe(t, lacking+`kubevitals_kubelet_available{node="c",endpoint="configz",reason="invalid"} 0`+"\n", diagnosis.Options{}, snapshot)
	if len(r.Alerts) != 1 || !slices.Equal(r.Alerts[0].Findings[0].Reasons, []string{"invalid"}) || r.Complete() {
		t.Errorf("%v fire, complete is %t", firing(r), r.Complete())
	}
}
