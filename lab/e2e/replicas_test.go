package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// scrapeInterval is that of the Prometheus of replicas, whose rules are evaluated as often.
const scrapeInterval = 5 * time.Second

// toldBy are the series of a scrape that are about the cluster: those of the exporter
// itself, and times of its own reading, are left out.
func toldBy(s samples) map[string]bool {
	all := map[string]bool{}
	for name, family := range s {
		if !strings.HasPrefix(name, "kubevitals_") {
			continue
		}
		own := slices.ContainsFunc([]string{"kubevitals_scrape_", "kubevitals_source_", "kubevitals_kubelet_available", "kubevitals_build_"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if own {
			continue
		}
		for _, m := range family.Metric {
			all[fmt.Sprint(name, m.Label)] = true
		}
	}
	return all
}

// TestTwoReplicas runs two exporters with the same account, as a Deployment of two does,
// under a real Prometheus: they tell the same, each writes through the one Lease, an alert
// is one, and it goes on when one of them dies.
func TestTwoReplicas(t *testing.T) {
	l := ownLab(t, 2)
	second, err := startVitals(t.Context(), "second", l.LogDir(), l.kubeconfig, "--kubelet.ca-file="+l.KubeletCAFile())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.stop)
	both := []*vitals{l.vitals, second}
	for _, v := range both {
		v.eventually(t, 2*time.Minute, allWell)
	}
	if err := cluster.Eventually(t.Context(), 2*time.Minute, func(ctx context.Context) error { return sameSeries(ctx, both) }); err != nil {
		t.Error(err)
	}
	// The lab has no metrics API, which is an alert.
	const alert = "KubeVitalsMetricsAPINotRegistered"
	rules := filepath.Join(t.TempDir(), "alerts.yaml")
	text, err := exec.CommandContext(t.Context(), os.Getenv(binaryEnv), "export", "alerts", "--set", "alertFor."+alert+"=5s").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rules, text, 0o600); err != nil {
		t.Fatal(err)
	}
	address := func(v *vitals) string { return strings.TrimSuffix(strings.TrimPrefix(v.url, "http://"), "/metrics") }
	p := startPrometheus(t, l.LogDir(), fmt.Sprintf(
		"global: {scrape_interval: %[1]s, evaluation_interval: %[1]s}\nrule_files: [%s]\nscrape_configs:\n  - {job_name: kubevitals, honor_labels: true, static_configs: [{targets: [%q, %q], labels: {cluster: lab}}]}\n",
		scrapeInterval, rules, address(l.vitals), address(second)))
	began := time.Now()
	// Its group is evaluated once a minute, and what it reads is waited for.
	p.eventually(t, 5*time.Minute, fmt.Sprintf(`ALERTS{alertname=%q, alertstate="firing"}`, alert), 1, 1)
	l.writesThroughOneLease(t, p)

	since, err := p.query(t.Context(), fmt.Sprintf(`ALERTS_FOR_STATE{alertname=%q}`, alert))
	if err != nil || len(since) != 1 {
		t.Fatalf("%v, %v", since, err)
	}
	died := time.Now()
	l.vitals.stop()
	p.eventually(t, time.Minute, `up{job="kubevitals"} == 0`, 1, 0)
	time.Sleep(6 * scrapeInterval)
	// Neither is the alert told anew, nor was there a moment without it, or without what the
	// cluster is like.
	p.eventually(t, time.Minute, fmt.Sprintf(`ALERTS_FOR_STATE{alertname=%q}`, alert), 1, since[0].number())
	for _, expr := range []string{
		fmt.Sprintf(`count(ALERTS{alertname=%q, alertstate="firing"})`, alert),
		`max by (cluster, state) (kubevitals_node_readiness_leases{state="fresh"})`,
	} {
		if gap, most := p.longestGap(t, expr, died.Add(-2*scrapeInterval), time.Now().Add(-scrapeInterval)); gap > scrapeInterval || most != 1 {
			t.Errorf("%s is absent for %s after one of two has died, and there are up to %d series", expr, gap, most)
		}
	}
	twice, err := p.query(t.Context(), fmt.Sprintf(`max_over_time(count by (alertname, cluster) (ALERTS{alertstate="firing", severity!="info"})[%ds:1s]) > 1`, int(time.Since(began).Seconds())))
	if err != nil || len(twice) > 0 {
		t.Errorf("alerts fired twice: %v, %v", twice, err)
	}
}

// sameSeries fails unless all tell of the same, by the same labels.
func sameSeries(ctx context.Context, all []*vitals) error {
	var first map[string]bool
	for _, v := range all {
		s, err := v.scrape(ctx)
		if err != nil {
			return err
		}
		told := toldBy(s)
		if first == nil {
			first = told
			continue
		}
		if len(told) < 50 {
			return fmt.Errorf("only %d series", len(told))
		}
		differ := slices.DeleteFunc(slices.Concat(slices.Collect(maps.Keys(first)), slices.Collect(maps.Keys(told))), func(s string) bool { return first[s] && told[s] })
		if len(differ) > 0 {
			return fmt.Errorf("two replicas differ by %d of %d series: %v", len(differ), len(told), differ)
		}
	}
	return nil
}

// writesThroughOneLease verifies that both write through the one Lease for a while, and
// that neither ever finds it changed under its hands.
func (l *lab) writesThroughOneLease(t *testing.T, p prometheus) {
	t.Helper()
	lease := func() string {
		o, err := l.Client().CoordinationV1().Leases("kubevitals").Get(t.Context(), "kubevitals-write-probe", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return o.ResourceVersion
	}
	before := lease()
	time.Sleep(time.Minute)
	if lease() == before {
		t.Error("nobody has renewed the Lease for a minute")
	}
	p.eventually(t, time.Minute, `min_over_time(kubevitals_apiserver_probe_result{probe="write", result="ok"}[1m])`, 2, 1)
	text, err := l.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	renewed := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "apiserver_request_total{") || !strings.Contains(line, `resource="leases"`) || !strings.Contains(line, `verb="PATCH"`) {
			continue
		}
		if !strings.Contains(line, `code="200"`) {
			t.Errorf("a Lease could not be patched: %s", line)
		}
		renewed++
	}
	if renewed == 0 {
		t.Error("the API server has counted no patch of a Lease")
	}
}

// longestGap is for how long the query comes to nothing, and to how many series at the most.
func (p prometheus) longestGap(t *testing.T, expr string, begin, end time.Time) (gap time.Duration, most int) {
	t.Helper()
	all, err := p.over(t.Context(), expr, begin, end)
	if err != nil {
		t.Fatal(err)
	}
	last := float64(begin.Unix())
	for _, s := range all {
		for _, v := range s.Values {
			at, _ := v[0].(float64)
			gap, last = max(gap, time.Duration((at-last-1)*float64(time.Second))), at
		}
	}
	return max(gap, time.Duration((float64(end.Unix())-last)*float64(time.Second))), len(all)
}
