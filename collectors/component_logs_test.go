package collectors

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/logs"
)

func TestComponentLogs(t *testing.T) {
	t.Parallel()
	forwarding := logs.Key{Component: "dns", Signature: "dns_forward_timeout"}
	c := componentLogsCollector{
		pods: func() ([]sources.SystemPod, error) { return nil, nil },
		state: func() (logs.State, bool) {
			return logs.State{
				Unhealthy: 22, LeftOut: 2, Bytes: 12345, Truncated: 1,
				Seen:  map[logs.Key]time.Time{forwarding: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)},
				Lines: map[logs.Key]int{forwarding: 7},
			}, true
		},
		nodes: func() (logs.State, bool) {
			return logs.State{
				Unhealthy: 3, LeftOut: 1, Bytes: 55, Truncated: 2,
				Seen: map[logs.Key]time.Time{
					{Node: "n1", Component: "kubelet", Signature: "pleg_unhealthy"}: time.Date(2026, 11, 1, 12, 1, 0, 0, time.UTC),
				},
				Lines: map[logs.Key]int{{Component: "kubelet", Signature: "pleg_unhealthy"}: 2},
			}, true
		},
	}
	golden(t, componentLogsName, c, ComponentLogs().Metrics)
}

func TestComponentLogsAreAbsentWhileBlind(t *testing.T) {
	t.Parallel()
	c := componentLogsCollector{
		pods:  func() ([]sources.SystemPod, error) { return nil, errors.New("the API server is down") },
		state: func() (logs.State, bool) { return logs.State{}, true },
		nodes: func() (logs.State, bool) { return logs.State{}, true },
	}
	if text := string(scrapeText(t, componentLogsName, c, ComponentLogs().Metrics)); strings.Contains(text, "kubevitals_component_logs") {
		t.Error(text)
	}
}
