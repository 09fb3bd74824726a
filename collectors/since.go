package collectors

import "github.com/kubevitals/kubevitals/exporter"

// Since are the metrics that hold the time at which something that is wrong began.
// They grow old of themselves, unlike those of heartbeats.
func Since() []*exporter.Desc {
	return []*exporter.Desc{nodeTransition, pendingPodsOldest, terminatingPodsOldest}
}
