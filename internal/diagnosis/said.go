package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/sources"
)

// Witness knows objects by name, and what the cluster says of them. Errors may be one.
type Witness interface {
	// WaitingPods are pods that wait for one of the reasons, those that wait longest
	// first, of what the labels name.
	WaitingPods(labels map[string]string, reasons []string) []sources.Fact
}

// mostQuoted bounds the pods that a finding names.
const mostQuoted = 3

// pendingPods is what the names of all metrics about pods that wait begin with.
const pendingPods = exporter.Namespace + "_pending_pods_"

// quote names the pods that a finding is about, and says what their scheduler or their
// kubelet says of each: no label could.
func (seen Observation) quote(f *ruleeval.Finding) {
	witness, ok := seen.Errors.(Witness)
	if !ok {
		return
	}
	var reasons []string
	for _, e := range f.Evidence {
		if !strings.HasPrefix(e.Metric, pendingPods) {
			continue
		}
		_, rest, _ := strings.Cut(e.Series, `reason="`)
		if reason, _, ok := strings.Cut(rest, `"`); ok && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
		if f.Labels["scheduler"] != "" {
			reasons = append(reasons, "no_scheduler")
		}
	}
	if len(reasons) == 0 {
		return
	}
	waiting := witness.WaitingPods(f.Labels, reasons)
	var said []string
	for _, p := range waiting[:min(len(waiting), mostQuoted)] {
		text := p.Object
		if p.Message != "" {
			text += ": " + p.Message
		}
		said = append(said, text)
	}
	if more := len(waiting) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	f.Detail = strings.Join(said, "; ")
}
