package diagnosis_test

import (
	"slices"
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

// TestErrorsBehindFindings verifies that findings about what cannot be read have
// their errors, and those of the cluster none.
func TestErrorsBehindFindings(t *testing.T) {
	t.Parallel()
	for scrape, want := range map[string]string{
		`kubevitals_source_available{source="pods",reason="unreachable"} 0`:   "connection refused",
		`kubevitals_scrape_collector_success{collector="etcd"} 0`:             "no certificate",
		`kubevitals_kubelet_available{endpoint="configz",reason="tls"} 0`:     "kubelet n: unknown authority",
		`kubevitals_kubelet_available{endpoint="configz",reason="timeout"} 0`: "",
		`kubevitals_kubelet_available{job="kubevitals"} 0`:                    "",
		`kubevitals_sick_full{source="pods",collector="etcd",reason="tls"} 1`: "",
	} {
		r := diagnose(t, scrape+"\n", diagnosis.Options{})
		if len(r.Alerts) != 1 || len(r.Alerts[0].Findings) != 1 {
			t.Errorf("%s: %v fire", scrape, firing(r))
			continue
		}
		if got := r.Alerts[0].Findings[0].Detail; got != want {
			t.Errorf("%s: %q, want %q", scrape, got, want)
		}
	}
}
