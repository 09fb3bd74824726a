package ruleeval

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/template"
	"golang.org/x/sync/errgroup"
)

// Finding is an alert whose expression holds for one set of labels.
type Finding struct {
	// Name of the alert.
	Alert string `json:"alert"`
	// Severity of the alert.
	Severity string `json:"severity"`
	// Signal that the alert is about.
	Signal string `json:"signal"`
	// Labels that the alert would have in Prometheus.
	Labels map[string]string `json:"labels"`
	// Value of the expression. NaN and infinity are strings.
	Value Number `json:"value"`
	// What the alert means, in one sentence.
	Summary string `json:"summary"`
	// What it means for these labels.
	Description string `json:"description"`
	// Address of the runbook.
	RunbookURL string `json:"runbook_url"`
	// How long Prometheus waits before the alert fires, such as 5m.
	For string `json:"for"`
	// What only those need who follow alerts as Prometheus does: for how long it goes on to
	// fire when its expression holds no more, such as 5m or 0s, and the labels that the rule
	// adds to those of the expression.
	KeepFiringFor string            `json:"-"`
	Added         map[string]string `json:"-"`
	// Whether the alert does not fire yet, but will if everything stays as it is.
	Projected bool `json:"projected,omitempty"`
	// Samples that made the expression true: all, up to 10000 of one alert; findings
	// beyond have five.
	Evidence []Evidence `json:"evidence"`
	// Why that which the finding is about cannot be read, as in the labels reason of
	// kubevitals_source_available and kubevitals_kubelet_available; none for all others.
	Reasons []string `json:"reasons,omitempty"`
	// Error behind a finding about what cannot be read, if one is known. Of others the first
	// five of objects, and how many more there are.
	Detail string `json:"detail,omitempty"`
	// What the finding is about, by name, and what the cluster says of each: all that are
	// known.
	Objects []Object `json:"objects,omitempty"`
}

// Object is one that a finding is about.
type Object struct {
	// Kind and name, such as Pod shop/web-1.
	Object string `json:"object"`
	// What a condition, an event, the scheduler or a kubelet says of it, in their words.
	Message string `json:"message,omitempty"`
}

// Evaluation is what the rules say of the samples.
type Evaluation struct {
	// Findings are sorted by severity, the worst first, then alert and labels.
	Findings []Finding
	// Evaluated is the number of alerts that were evaluated.
	Evaluated int
	// InsufficientHistory are the alerts that look further back than the samples do,
	// and may hold for Prometheus, which remembers more. Rates are taken of two samples,
	// however near they are; of one sample there is none.
	InsufficientHistory []string
}

var errNoSamples = errors.New("evaluate the rules: there are no samples")

// Evaluate evaluates all rules as of the last scrape: what is recorded first, which
// is added to the samples, and then the alerts, as many at once as there are cores.
func (r *Rules) Evaluate(ctx context.Context, s *Samples) (*Evaluation, error) {
	if len(s.times) == 0 {
		return nil, errNoSamples
	}
	at, covered := s.times[len(s.times)-1], s.covered()
	evaluation := &Evaluation{}
	var alerts []rule
	for _, one := range r.list {
		if one.Record == "" {
			alerts = append(alerts, one)
			continue
		}
		vector, err := r.query(ctx, s, one, at)
		if err != nil {
			return nil, err
		}
		for _, sample := range vector {
			s.append(recorded(one, sample.Metric), at, sample.F)
		}
	}
	for _, one := range alerts {
		evaluation.Evaluated++
		if one.lookback > covered && (covered == 0 || !onlyRates(one.expr)) {
			evaluation.InsufficientHistory = append(evaluation.InsufficientHistory, one.Alert)
		}
	}
	var err error
	evaluation.Findings, err = atOnce(ctx, alerts, func(ctx context.Context, one rule) ([]Finding, error) {
		vector, err := r.query(ctx, s, one, at)
		if err != nil {
			return nil, err
		}
		return r.findings(ctx, s.index(one), vector, at)
	})
	return evaluation, err
}

// atOnce evaluates rules, as many at once as there are cores, and returns what all
// of them found, sorted. The first error ends it.
func atOnce(ctx context.Context, list []rule, evaluate func(context.Context, rule) ([]Finding, error)) ([]Finding, error) {
	found := make([][]Finding, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, one := range list {
		group.Go(func() (err error) {
			found[i], err = evaluate(ctx, one)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(found...)
	Sort(all)
	return all, nil
}

// onlyRates tells whether an expression looks back in nothing but rates.
func onlyRates(expr parser.Expr) bool {
	only := true
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.SubqueryExpr:
			only = false
		case *parser.VectorSelector:
			only = only && n.OriginalOffset == 0
		case *parser.MatrixSelector:
			call, ok := path[len(path)-1].(*parser.Call)
			only = only && ok && call.Func.Name == "rate"
		}
		return nil
	})
	return only
}

// query evaluates the expression of a rule, with rates over the time that the
// samples cover. Its error names the rule.
func (r *Rules) query(ctx context.Context, s *Samples, one rule, at time.Time) (promql.Vector, error) {
	failed := func(err error) error { return fmt.Errorf("rule %s%s: %w", one.Alert, one.Record, err) }
	expr, err := r.during(one, s.covered())
	if err != nil {
		return nil, failed(err)
	}
	if expr = s.prune(expr); expr == nil {
		return nil, nil
	}
	vector, err := r.instant(ctx, s, expr.String(), at)
	if err != nil {
		return nil, failed(err)
	}
	return vector, nil
}

// instant evaluates an expression of PromQL at one time.
func (r *Rules) instant(ctx context.Context, s *Samples, expr string, at time.Time) (promql.Vector, error) {
	q, err := r.engine.NewInstantQuery(ctx, s, nil, expr, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return nil, result.Err
	}
	vector, err := result.Vector()
	if err != nil {
		return nil, err
	}
	// The engine takes the vector back when the query is closed.
	return slices.Clone(vector), nil
}

// ask answers the queries of annotations, which look up what is no label.
func (r *Rules) ask(s *Samples) template.QueryFunc {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		return r.instant(ctx, s, expr, at)
	}
}

// findings are those of one alert, of which the index finds the evidence.
func (r *Rules) findings(ctx context.Context, index *evidenceIndex, vector promql.Vector, at time.Time) ([]Finding, error) {
	found, left := make([]Finding, 0, len(vector)), mostEvidence
	for _, sample := range vector {
		f, err := finding(ctx, index.rule, r.ask(index.samples), sample, at)
		if err != nil {
			return nil, err
		}
		f.Evidence = index.of(f.Labels, max(left, leastEvidence))
		left -= len(f.Evidence)
		found = append(found, f)
	}
	return found, nil
}

// finding is one of an alert, but for its evidence.
func finding(ctx context.Context, one rule, ask template.QueryFunc, sample promql.Sample, at time.Time) (Finding, error) {
	own := labels.NewBuilder(sample.Metric).Del(model.MetricNameLabel).Labels().Map()
	f := Finding{
		Alert: one.Alert, Severity: one.Labels["severity"], Signal: one.Labels["signal"],
		Labels: own, Value: Number(sample.F), For: one.For.String(), KeepFiringFor: one.KeepFiringFor.String(), Added: one.Labels,
	}
	for name, field := range map[string]*string{"summary": &f.Summary, "description": &f.Description, "runbook_url": &f.RunbookURL} {
		text, err := expand(ctx, ask, one.Annotations[name], own, sample, at, nil)
		if err != nil {
			return f, fmt.Errorf("annotation of %s: %w", one.Alert, err)
		}
		*field = text
	}
	return f, nil
}

// Expand fills in a template as if it were an annotation of the alert of a finding, by the
// samples in which that was found. Functions stand in place of those of Prometheus of the
// same name.
func (r *Rules) Expand(ctx context.Context, s *Samples, f Finding, text string, functions map[string]any) (string, error) {
	if len(s.times) == 0 {
		return "", errNoSamples
	}
	sample := promql.Sample{Metric: labels.FromMap(f.Labels), F: float64(f.Value)}
	return expand(ctx, r.ask(s), text, f.Labels, sample, s.times[len(s.times)-1], functions)
}

// expand fills in the template of an annotation as Prometheus does.
func expand(ctx context.Context, ask template.QueryFunc, text string, own map[string]string, sample promql.Sample, at time.Time, functions map[string]any) (string, error) {
	const names = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
	expander := template.NewTemplateExpander(ctx, names+text, "annotation",
		template.AlertTemplateData(own, nil, "", sample), model.TimeFromUnixNano(at.UnixNano()), ask, &url.URL{}, nil)
	expander.Funcs(functions)
	return expander.Expand()
}
