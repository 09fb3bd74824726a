package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// get decodes what a server answers.
func (b *bench) get(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", request.URL.Path, answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// active are the alerts above info that fire or are about to, with their labels.
func (b *bench) active(ctx context.Context) ([]labels, error) {
	var told struct {
		Data struct {
			Result []struct{ Metric labels }
		}
	}
	query := url.QueryEscape(`ALERTS{severity!="info"}`)
	if err := b.get(ctx, b.prometheus.url+"/api/v1/query?query="+query, &told); err != nil {
		return nil, fmt.Errorf("alerts of Prometheus: %w", err)
	}
	var all []labels
	for _, r := range told.Data.Result {
		all = append(all, r.Metric)
	}
	return all, nil
}

// scraped fails unless Prometheus reaches kubevitals.
func (b *bench) scraped(ctx context.Context) error {
	n, err := b.count(ctx, `up{job="kubevitals"} == 1`)
	if err == nil && n == 0 {
		err = fmt.Errorf("kubevitals is not scraped")
	}
	return err
}

// calm tells whether no outage was told of so lately that what it explains keeps quiet.
func (b *bench) calm(ctx context.Context) bool {
	n, err := b.count(ctx, recentOutages)
	return err == nil && n == 0
}

// count is how many series the query selects.
func (b *bench) count(ctx context.Context, query string) (int, error) {
	var told struct {
		Data struct{ Result []any }
	}
	err := b.get(ctx, b.prometheus.url+"/api/v1/query?query="+url.QueryEscape(query), &told)
	return len(told.Data.Result), err
}

// quiet waits until no alert above info has fired, or was about to, for some seconds.
func (b *bench) quiet(ctx context.Context, within time.Duration) bool {
	const forSo = 6
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for quiet := 0; quiet < forSo; quiet++ {
		active, err := b.active(ctx)
		if err != nil || len(active) > 0 || b.scraped(ctx) != nil {
			quiet = -1
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Second):
		}
	}
	return true
}

// span is for how long an alert with its labels fired.
type span struct {
	labels     labels
	from, to   time.Time // to is the last second in which it was seen
	unresolved bool
}

// fired asks Prometheus for what has fired since a time.
func (b *bench) fired(ctx context.Context, since time.Time) ([]span, error) {
	now := time.Now()
	var told struct {
		Data struct {
			Result []struct {
				Metric labels
				Values [][2]any
			}
		}
	}
	values := url.Values{"query": {`ALERTS{alertstate="firing"}`}, "start": {unix(since)}, "end": {unix(now)}, "step": {"1s"}}
	if err := b.get(ctx, b.prometheus.url+"/api/v1/query_range?"+values.Encode(), &told); err != nil {
		return nil, fmt.Errorf("alerts of Prometheus: %w", err)
	}
	var spans []span
	for _, r := range told.Data.Result {
		first, _ := r.Values[0][0].(float64)
		last, _ := r.Values[len(r.Values)-1][0].(float64)
		s := span{labels: r.Metric, from: time.UnixMilli(int64(first * 1000)), to: time.UnixMilli(int64(last * 1000))}
		s.unresolved = now.Sub(s.to) < 3*time.Second
		spans = append(spans, s)
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	return spans, nil
}

func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// inhibited are the names of the alerts of which Alertmanager keeps some back at present.
func (b *bench) inhibited(ctx context.Context) ([]string, error) {
	var told []struct {
		Labels labels
		Status struct{ InhibitedBy []string }
	}
	if err := b.get(ctx, b.alertmanager.url+"/api/v2/alerts", &told); err != nil {
		return nil, fmt.Errorf("alerts of Alertmanager: %w", err)
	}
	var names []string
	for _, a := range told {
		if len(a.Status.InhibitedBy) > 0 {
			names = append(names, a.Labels["alertname"])
		}
	}
	return names, nil
}
