package kubelet

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzDecodeConfig compares with a decoder that has no bounds, and verifies that what a
// snapshot keeps of a configuration says the same.
func FuzzDecodeConfig(f *testing.F) {
	f.Add(`{"kubeletconfig":{"evictionHard":{"imagefs.available":"15%"},"imageGCHighThresholdPercent":85,"evictionPressureTransitionPeriod":"5m0s"}}`)
	f.Add(`{"kubeletconfig":{"enforceNodeAllocatable":["pods"],"cgroupsPerQOS":true,"kubeReserved":{"cpu":"100m"}},"kubeletconfig":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := decodeConfig(strings.NewReader(body))
		var slow struct {
			Kubelet *appliedConfig `json:"kubeletconfig"`
		}
		slowErr := json.NewDecoder(strings.NewReader(body)).Decode(&slow)
		if bounds := configLimits().Check([]byte(body)); bounds == nil && (err == nil) != (slowErr == nil && slow.Kubelet != nil) {
			t.Fatalf("%v, without bounds %v", err, slowErr)
		}
		if err != nil {
			return
		}
		var reduced bytes.Buffer
		if err := reduceConfig(strings.NewReader(body), &reduced); err != nil {
			t.Fatalf("it cannot be recorded: %v", err)
		}
		kept, err := decodeConfig(&reduced)
		got.ClusterDNS, got.ClusterDomain = nil, ""
		if err != nil || !reflect.DeepEqual(normal(got), normal(kept)) {
			t.Errorf("recorded as %+v, %v; was %+v", kept, err, got)
		}
	})
}

// normal makes no difference between nothing and an empty list.
func normal(c Config) Config {
	for _, m := range []*map[string]string{&c.EvictionHard, &c.EvictionSoft, &c.EvictionMinimumReclaim, &c.KubeReserved, &c.SystemReserved} {
		if len(*m) == 0 {
			*m = nil
		}
	}
	if len(c.EnforceNodeAllocatable) == 0 {
		c.EnforceNodeAllocatable = nil
	}
	return c
}

// FuzzThreshold verifies that a threshold is a share of the disk, or an amount.
func FuzzThreshold(f *testing.F) {
	f.Add("10%", uint64(100))
	f.Add("1Gi", uint64(1))
	f.Add("1e400%", uint64(1))
	f.Fuzz(func(t *testing.T, statement string, capacity uint64) {
		limit, on, err := Threshold(statement, capacity)
		if err == nil && on && !(limit >= 0) {
			t.Errorf("%q of %d is %v", statement, capacity, limit)
		}
		if strings.HasSuffix(statement, "%") && on && limit > float64(capacity) {
			t.Errorf("%q of %d is %v", statement, capacity, limit)
		}
	})
}
