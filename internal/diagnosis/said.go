package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/humanize"
	"github.com/kubevitals/kubevitals/sources"
)

// Witness knows objects by name, and what the cluster says of them. Errors may be one.
type Witness interface {
	// WaitingPods are pods that wait for one of the reasons, those that wait longest
	// first, of what the labels name.
	WaitingPods(labels map[string]string, reasons []string) []sources.Fact
	// Said is what the cluster says of the objects that samples of a metric are of, whose
	// labels these are.
	Said(metric string, samples []map[string]string) []sources.Fact
}

// mostQuoted bounds the objects that a text names.
const mostQuoted = 5

// pendingPods is what the names of all metrics about pods that wait begin with.
const pendingPods = exporter.Namespace + "_pending_pods_"

// quote names the objects that a finding is about, and says what the cluster says of
// each: no label could.
func (seen Observation) quote(f *ruleeval.Finding) {
	witness, ok := seen.Errors.(Witness)
	if !ok {
		return
	}
	facts := waiting(witness, f)
	samples := map[string][]map[string]string{}
	var metrics []string
	for _, e := range f.Evidence {
		if samples[e.Metric] == nil {
			metrics = append(metrics, e.Metric)
		}
		samples[e.Metric] = append(samples[e.Metric], e.Labels())
	}
	for _, metric := range metrics {
		facts = append(facts, witness.Said(metric, samples[metric])...)
	}
	named := map[ruleeval.Object]bool{}
	for _, fact := range facts {
		if said := (ruleeval.Object{Object: humanize.Printable(fact.Object), Message: humanize.Printable(fact.Message)}); !named[said] {
			named[said] = true
			f.Objects = append(f.Objects, said)
		}
	}
	f.Detail = inShort(f.Objects)
}

// waiting are the pods that wait for what the finding tells of.
func waiting(witness Witness, f *ruleeval.Finding) []sources.Fact {
	var reasons []string
	for _, e := range f.Evidence {
		if !strings.HasPrefix(e.Metric, pendingPods) {
			continue
		}
		if reason := e.Labels()["reason"]; reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
		if f.Labels["scheduler"] != "" {
			reasons = append(reasons, "no_scheduler")
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return witness.WaitingPods(f.Labels, reasons)
}

// inShort names the first objects, and how many more there are.
func inShort(objects []ruleeval.Object) string {
	var said []string
	for _, o := range objects[:min(len(objects), mostQuoted)] {
		text := o.Object
		if o.Message != "" {
			text += ": " + o.Message
		}
		said = append(said, text)
	}
	if more := len(objects) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(said, "; ")
}
