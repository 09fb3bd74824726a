package main

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/web"
	"github.com/kubevitals/kubevitals/mixin"
	"github.com/kubevitals/kubevitals/sources"
)

// alertRules are the alerting rules that are part of this program.
func alertRules() (*ruleeval.Rules, error) {
	file, err := fs.ReadFile(mixin.Files(), "generated/alerts.yaml")
	if err != nil {
		return nil, fmt.Errorf("alerting rules: %w", err)
	}
	return ruleeval.Parse(file)
}

// target are the labels that Prometheus adds to what it scrapes from here.
func (c *command) target(instance string) map[string]string {
	job := "kubevitals"
	if c.selection.Scope() == collectors.Node {
		job = "kubevitals-node"
	}
	return map[string]string{"job": job, "instance": instance, "cluster": c.clusterName}
}

// people serves the pages for people. They are made when they are first asked for,
// or when prepare is called: an agent, of which there is one on every node, spares
// the memory of the rules as long as nobody looks at it.
type people struct {
	ready func() error

	mu    sync.Mutex
	board *livestatus.Board
	pages http.Handler
}

func (c *command) people(frame *exporter.Frame, sources *sources.Sources) *people {
	p := &people{}
	p.ready = sync.OnceValue(func() error {
		seen, err := c.board(frame, sources)
		if err != nil {
			return err
		}
		handler, err := pages(seen, frame, sources)
		if err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.board, p.pages = seen, handler
		return nil
	})
	return p
}

// ServeHTTP implements http.Handler.
func (p *people) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := p.ready(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.mu.Lock()
	handler := p.pages
	p.mu.Unlock()
	handler.ServeHTTP(w, r)
}

// observe remembers what the rules look back at, once there are pages.
func (p *people) observe(families []*dto.MetricFamily) {
	p.mu.Lock()
	seen := p.board
	p.mu.Unlock()
	if seen != nil {
		seen.Observe(families)
	}
}

// board tells what holds, from what the frame gathers.
func (c *command) board(frame *exporter.Frame, sources *sources.Sources) (*livestatus.Board, error) {
	rules, err := alertRules()
	if err != nil {
		return nil, err
	}
	return livestatus.New(livestatus.Options{
		Gather: func(ctx context.Context) ([]*dto.MetricFamily, error) {
			ctx, cancel := context.WithTimeout(ctx, c.timeout)
			defer cancel()
			return gather(ctx, frame)
		},
		Why: why{sources, frame}, Starting: sources.Starting, Rules: rules, Target: c.target("self"), Now: time.Now,
	}), nil
}

// why tells the errors of collectors, and of the sources and kubelets they read.
type why struct {
	*sources.Sources
	frame *exporter.Frame
}

// CollectorErr implements report.Why.
func (w why) CollectorErr(collector string) error { return w.frame.Err(collector) }

// pages are the status page and the runbooks that are part of this program.
func pages(seen *livestatus.Board, frame *exporter.Frame, sources *sources.Sources) (http.Handler, error) {
	books, err := fs.Sub(mixin.Files(), "runbooks")
	if err != nil {
		return nil, fmt.Errorf("runbooks: %w", err)
	}
	text, err := fs.ReadFile(mixin.Files(), "summaries.zh-TW.yaml")
	if err != nil {
		return nil, fmt.Errorf("translated summaries: %w", err)
	}
	var summaries map[string]string
	if err := yaml.Unmarshal(text, &summaries); err != nil {
		return nil, fmt.Errorf("translated summaries: %w", err)
	}
	return web.Handler(web.Options{
		Books: books, Summaries: summaries, Rules: seen.Rules(), Look: seen.Look, Facts: sources.Facts,
		Definitions: collectors.Catalogue(), Version: version.Version, Now: time.Now,
		Tables: func() []exporter.Table { return []exporter.Table{frame.Table(), sources.Table()} },
	})
}
