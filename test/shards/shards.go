// Package shards compares what shards tell together with what one exporter tells alone.
package shards

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Told is what some exporters say in one scrape of each.
type Told struct {
	// Series are those that are not about an exporter itself, with how often each was
	// told, or what the parts of a count add up to.
	Series map[string]int
	// Alerts are those that fire by all of it, with their labels.
	Alerts map[string]bool
}

// Of returns what the exporters say together, and evaluates the rules over it. Its error
// names a rule that cannot be evaluated.
func Of(ctx context.Context, rules *ruleeval.Rules, scrapes ...exporter.Families) (Told, error) {
	told := Told{map[string]int{}, map[string]bool{}}
	for _, families := range scrapes {
		for _, f := range families {
			told.add(f)
		}
	}
	samples := ruleeval.NewSamples(map[string]string{"job": "kubevitals", "cluster": "c"})
	samples.Add(slices.Concat(scrapes...), time.Now())
	evaluation, err := rules.Evaluate(ctx, samples)
	if err != nil {
		return told, fmt.Errorf("evaluate the rules over %d scrapes: %w", len(scrapes), err)
	}
	for _, f := range evaluation.Findings {
		if f.Signal != "exporter" {
			told.Alerts[fmt.Sprint(f.Alert, f.Labels)] = true
		}
	}
	return told, nil
}

// add adds the series of one metric, unless it is of the process, its sources or its scrapes.
func (t Told) add(f exporter.Family) {
	name, own := strings.CutPrefix(f.Desc.Name, exporter.Namespace+"_")
	if !own || name == "build_info" || strings.HasPrefix(name, "source_") || strings.HasPrefix(name, "scrape_") {
		return
	}
	shard := slices.Index(f.Desc.Labels, "shard")
	f.Each(func(labels []string, value float64) {
		if shard < 0 {
			t.Series[fmt.Sprint(name, f.Desc.Labels, labels)]++
			return
		}
		// Each shard tells its part of a count, which is what they have to add up to.
		labels = slices.Delete(slices.Clone(labels), shard, shard+1)
		t.Series[fmt.Sprint(name, f.Desc.Labels, labels)] += int(value)
	})
}

// Differs returns an error that names what shards tell otherwise than one exporter alone;
// nil if it is the same.
func Differs(alone, together Told) error {
	return errors.Join(differs("series", alone.Series, together.Series), differs("alerts", alone.Alerts, together.Alerts))
}

// mostNamed is how many differences are named.
const mostNamed = 20

func differs[V comparable](what string, alone, together map[string]V) error {
	var list []string
	for name, v := range alone {
		if together[name] != v {
			list = append(list, fmt.Sprintf("alone %v, together %v: %s", v, together[name], name))
		}
	}
	for name, v := range together {
		if _, ok := alone[name]; !ok {
			list = append(list, fmt.Sprintf("not alone, together %v: %s", v, name))
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return fmt.Errorf("%d %s differ:\n%s", len(list), what, strings.Join(list[:min(len(list), mostNamed)], "\n"))
}
