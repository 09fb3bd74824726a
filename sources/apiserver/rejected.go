package apiserver

import (
	"math"
	"strconv"

	"github.com/kubevitals/kubevitals/sources/exposition"
)

// Flow is what API Priority and Fairness sorts requests by: the FlowSchema that they match,
// and the PriorityLevelConfiguration that this names.
type Flow struct{ Schema, Level string }

// mostFlows bounds the flows of one server that are told apart; a cluster comes with 13 and
// whoever runs it adds some.
const mostFlows = 100

// cancelled is why a request was not begun with whose client went away while it waited: the
// server did not refuse it.
const cancelled = "cancelled"

// countRejected adds a sample of apiserver_flowcontrol_rejected_requests_total. Of more flows
// than are told apart the others count as one without a name.
func (m Metrics) countRejected(labels, value []byte) {
	if reason, _ := exposition.Label(labels, "reason"); reason == cancelled {
		return
	}
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n <= 0 {
		return
	}
	var flow Flow
	flow.Schema, _ = exposition.Label(labels, "flow_schema")
	flow.Level, _ = exposition.Label(labels, "priority_level")
	if _, known := m.Rejected[flow]; !known && len(m.Rejected) >= mostFlows {
		flow = Flow{}
	}
	m.Rejected[flow] += n
}
