package e2e

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// countFamilies counts a body as the guide's pipeline does: what stands before
// the brace or the space.
func countFamilies(body string) map[string]float64 {
	counts := map[string]float64{}
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		end := strings.IndexAny(line, "{ ")
		counts[line[:end]]++
	}
	return counts
}

// TestMetricCardinality compares every family that kubevitals names with a
// count of the kubelet's body by the test. Bodies change from time to time, so
// only a reading between two equal bodies counts.
func TestMetricCardinality(t *testing.T) {
	kubelet := shared.Kubelets()[0]
	body := func() (string, error) {
		text, err := shared.ReadKubelet(t.Context(), kubelet, "/metrics")
		return string(text), err
	}
	before, err := body()
	if err != nil {
		t.Fatal(err)
	}
	read := time.Now()
	shared.vitals.eventually(t, 3*time.Minute, func(s samples) error {
		if time.Since(read) < 8*time.Second { // more than two readings of kubevitals
			return errors.New("kubevitals has not read the kubelet again")
		}
		after, err := body()
		if err != nil {
			return err
		}
		want := countFamilies(before)
		same := maps.Equal(want, countFamilies(after))
		before, read = after, time.Now()
		if !same {
			return errors.New("the kubelet's families changed meanwhile")
		}
		return compareFamilies(s, kubelet.Name, want)
	})
}

func compareFamilies(s samples, node string, want map[string]float64) error {
	total := 0.0
	for _, n := range want {
		total += n
	}
	if err := s.want(total, "metric_cardinality_series", "component", "kubelet", "node", node); err != nil {
		return err
	}
	if len(s.all("metric_cardinality_truncated", "node", node)) > 0 {
		return errors.New("the kubelet's metrics are said not to be read to their end")
	}
	named := 0
	for _, m := range s["kubevitals_metric_cardinality_family_series"].GetMetric() {
		if !matches(m, []string{"node", node}) {
			continue
		}
		for _, l := range m.Label {
			if l.GetName() != "family" {
				continue
			}
			named++
			if got := m.GetGauge().GetValue(); got != want[l.GetValue()] {
				return fmt.Errorf("family %s has %v series, want %v", l.GetValue(), got, want[l.GetValue()])
			}
		}
	}
	if named != 5 {
		return fmt.Errorf("%d families are named, want 5", named)
	}
	return nil
}
