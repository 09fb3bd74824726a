package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"
)

// cluster is what the samples are of, by their label.
const cluster = "lab"

// history is for how long the samples were as they are before the scrape.
const history = 10 * time.Minute

// samples is a scrape that can be queried, as if it had been taken every 15 s up
// to now.
type samples struct {
	dir    string
	db     *tsdb.DB
	engine *promql.Engine
	now    time.Time
	series int
}

// load reads scrapes whose samples had the same values since now-length.
func load(ctx context.Context, scrape string, agents []string, now time.Time, length time.Duration) (*samples, error) {
	dir, err := os.MkdirTemp("", "mixincheck-")
	if err != nil {
		return nil, err
	}
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &samples{
		dir: dir, db: db, now: now,
		engine: promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true}),
	}
	err = s.append(ctx, scrape, "kubevitals", length)
	for _, agent := range agents {
		err = errors.Join(err, s.append(ctx, agent, "kubevitals-node", length))
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *samples) close() {
	_ = s.db.Close()
	_ = os.RemoveAll(s.dir)
}

// append adds every sample of the scrape several times up to now. The name of the
// file is the instance.
func (s *samples) append(ctx context.Context, file, job string, length time.Duration) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, err := textparse.New(text, "text/plain", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return err
	}
	app := s.db.Appender(ctx)
	add := func(l labels.Labels, v float64) error {
		l = labels.NewBuilder(l).Set("job", job).Set("instance", file).Set("cluster", cluster).Labels()
		s.series++
		for ago := length; ago >= 0; ago -= 15 * time.Second {
			if _, err := app.Append(0, l, s.now.Add(-ago).UnixMilli(), v); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, v := p.Series()
		var l labels.Labels
		p.Labels(&l)
		if err := add(l, v); err != nil {
			return err
		}
	}
	if err := add(labels.FromStrings(model.MetricNameLabel, "up"), 1); err != nil {
		return err
	}
	return app.Commit()
}

// record adds a sample as of now, as a recording rule does.
func (s *samples) record(ctx context.Context, sample labels.Labels, value float64) error {
	app := s.db.Appender(ctx)
	if _, err := app.Append(0, sample, s.now.UnixMilli(), value); err != nil {
		return err
	}
	return app.Commit()
}

// query evaluates the expression as of now.
func (s *samples) query(ctx context.Context, expr string) (promql.Vector, error) {
	q, err := s.engine.NewInstantQuery(ctx, s.db, nil, expr, s.now)
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
	return append(promql.Vector(nil), vector...), nil
}
