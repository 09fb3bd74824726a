// Command panelcheck evaluates every panel of the dashboards with Prometheus'
// own engine over samples scraped from a running kubevitals, and fails when one
// that should show data shows none.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

func main() {
	scrape := flag.String("scrape", "", "file with a scrape of /metrics")
	dashboards := flag.String("dashboards", "dashboards/generated", "folder with the dashboards")
	mayBeEmpty := flag.String("may-be-empty", "", "titles of panels that show only what is wrong, separated by |")
	flag.Parse()
	empty, err := run(context.Background(), *scrape, *dashboards, strings.Split(*mayBeEmpty, "|"), os.Stdout)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, "panelcheck:", err)
		os.Exit(2)
	case empty > 0:
		os.Exit(1)
	}
}

// run loads the scrape as if it had been taken every 15 s for a while, and
// evaluates every target at the end of it.
func run(ctx context.Context, scrape, dashboards string, mayBeEmpty []string, out *os.File) (int, error) {
	dir, err := os.MkdirTemp("", "panelcheck-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	text, err := os.ReadFile(scrape)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	n, err := load(ctx, db, text, now)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", scrape, err)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true})
	skip := map[string]bool{}
	for _, title := range mayBeEmpty {
		skip[title] = true
	}
	panels, empty, err := check(ctx, engine, db, dashboards, skip, now, out)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(out, "panelcheck: %d series, %d panels, %d without data\n", n, panels, empty)
	return empty, err
}

// load appends every sample several times up to now.
func load(ctx context.Context, db *tsdb.DB, text []byte, now time.Time) (int, error) {
	series := 0
	p, err := textparse.New(text, "text/plain", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return 0, err
	}
	app := db.Appender(ctx)
	add := func(l labels.Labels, v float64) error {
		series++
		for ago := 10 * time.Minute; ago >= 0; ago -= 15 * time.Second {
			if _, err := app.Append(0, l, now.Add(-ago).UnixMilli(), v); err != nil {
				return err
			}
		}
		return nil
	}
	target := func(l labels.Labels) labels.Labels {
		return labels.NewBuilder(l).Set("job", "kubevitals").Set("instance", "lab:9899").Set("cluster", "lab").Labels()
	}
	for {
		entry, err := p.Next()
		if err != nil {
			break // io.EOF; anything else leaves panels without data
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, v := p.Series()
		var l labels.Labels
		p.Labels(&l)
		if err := add(target(l), v); err != nil {
			return 0, err
		}
	}
	if err := add(target(labels.FromStrings(model.MetricNameLabel, "up")), 1); err != nil {
		return 0, err
	}
	return series, app.Commit()
}

type panel struct {
	Type, Title string
	Targets     []struct{ Expr string }
}

func check(ctx context.Context, engine *promql.Engine, db storage.Queryable, dashboards string, skip map[string]bool, now time.Time, out *os.File) (panels, empty int, err error) {
	files, err := filepath.Glob(filepath.Join(dashboards, "*.json"))
	if err != nil || len(files) == 0 {
		return 0, 0, fmt.Errorf("no dashboards in %s: %w", dashboards, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, 0, err
		}
		var d struct{ Panels []panel }
		if err := json.Unmarshal(text, &d); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", file, err)
		}
		for _, p := range d.Panels {
			if p.Type == "row" {
				continue
			}
			panels++
			found, err := series(ctx, engine, db, p, now)
			if err != nil {
				return 0, 0, fmt.Errorf("%s, panel %q: %w", file, p.Title, err)
			}
			if found == 0 && !skip[p.Title] {
				empty++
				_, _ = fmt.Fprintf(out, "no data: %s, panel %q\n", filepath.Base(file), p.Title)
			}
		}
	}
	return panels, empty, nil
}

// series returns how many series the panel's targets come to.
func series(ctx context.Context, engine *promql.Engine, db storage.Queryable, p panel, now time.Time) (int, error) {
	fill := strings.NewReplacer("$cluster", ".*", "$node", ".*", "$__rate_interval", "1m")
	found := 0
	for _, t := range p.Targets {
		if _, err := parser.NewParser(parser.Options{}).ParseExpr(fill.Replace(t.Expr)); err != nil {
			return 0, err
		}
		q, err := engine.NewInstantQuery(ctx, db, nil, fill.Replace(t.Expr), now)
		if err != nil {
			return 0, err
		}
		result := q.Exec(ctx)
		if result.Err != nil {
			return 0, result.Err
		}
		vector, err := result.Vector()
		if err != nil {
			return 0, err
		}
		found += len(vector)
		q.Close()
	}
	return found, nil
}
