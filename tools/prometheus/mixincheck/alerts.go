package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// holding is an alert whose expression holds. Its "for" is not looked at.
type holding struct {
	Alert    string            `json:"alert"`
	Severity string            `json:"severity"`
	Labels   map[string]string `json:"labels"`
	Value    float64           `json:"value"`
}

// alerts prints every alert that holds. What is recorded on the way is there for
// the rules that follow.
func (s *samples) alerts(ctx context.Context, rules string, out io.Writer) error {
	groups, errs := rulefmt.ParseFile(rules, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	encoder := json.NewEncoder(out)
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			vector, err := s.query(ctx, r.Expr)
			if err != nil {
				return fmt.Errorf("%s, %s%s: %w", rules, r.Alert, r.Record, err)
			}
			for _, sample := range vector {
				if r.Record != "" {
					if err := s.record(ctx, recorded(r, sample.Metric), sample.F); err != nil {
						return fmt.Errorf("%s, %s: %w", rules, r.Record, err)
					}
					continue
				}
				if err := encoder.Encode(holding{r.Alert, r.Labels["severity"], sample.Metric.Map(), sample.F}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// recorded are the labels of a sample that the rule records.
func recorded(r rulefmt.Rule, l labels.Labels) labels.Labels {
	b := labels.NewBuilder(l).Set(model.MetricNameLabel, r.Record)
	for name, value := range r.Labels {
		b.Set(name, value)
	}
	return b.Labels()
}
