package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kubevitals/kubevitals/sources/exposition"
)

// scrapeTimeout is longer than any Prometheus would wait.
const scrapeTimeout = time.Minute

// sample is one scrape.
type sample struct {
	// names are the metrics that were asked for; all if there are none.
	names    []string
	encoding string
	took     time.Duration
	// wire is the size of the body as it was sent, whole as it was meant; both in
	// bytes.
	wire, whole int64
	series      int64
	// collectors are the seconds that each collector took.
	collectors map[string]float64
	// failed are the collectors that did not succeed.
	failed []string

	sources, sourcesAvailable   int
	kubelets, kubeletsAvailable int
	endpoints                   map[string]bool
	heap, goroutines            float64
}

func (s sample) sourcesReady() bool { return s.sources > 0 && s.sources == s.sourcesAvailable }

func (s sample) kubeletsReady(nodes int) bool {
	return len(s.endpoints) > 0 && s.kubeletsAvailable == nodes*len(s.endpoints)
}

// scrape reads the metrics of these names once, or all. The time is that until the last
// byte is there; what it costs to look into them comes after.
func (p *process) scrape(ctx context.Context, encoding string, names ...string) (sample, error) {
	s := sample{names: names, encoding: encoding, collectors: map[string]float64{}, endpoints: map[string]bool{}}
	body, err := p.fetch(ctx, &s)
	if err != nil {
		return s, fmt.Errorf("scrape %s: %w", p.url, err)
	}
	text := body
	if encoding == "gzip" {
		if text, err = gzip.NewReader(body); err != nil {
			return s, fmt.Errorf("scrape %s: %w", p.url, err)
		}
	}
	parsed, err := exposition.Parse(text, exposition.Options{Visit: s.visitors()})
	if err != nil {
		return s, fmt.Errorf("scrape %s: %w", p.url, err)
	}
	s.series, s.whole = parsed.Series, parsed.Bytes
	return s, nil
}

func (p *process) fetch(ctx context.Context, s *sample) (io.Reader, error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	query := ""
	if len(s.names) > 0 {
		query = "?" + url.Values{"name[]": s.names}.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+query, nil)
	if err != nil {
		return nil, err
	}
	// Set here, the transport leaves the body as it is.
	request.Header.Set("Accept-Encoding", s.encoding)
	begun := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s", response.Status)
	}
	if got := response.Header.Get("Content-Encoding"); (got == "gzip") != (s.encoding == "gzip") {
		return nil, fmt.Errorf("asked for encoding %s and got %q", s.encoding, got)
	}
	var held bytes.Buffer
	s.wire, err = io.Copy(&held, response.Body)
	s.took = time.Since(begun)
	return &held, err
}

// visitors note the samples that tell how far kubevitals is.
func (s *sample) visitors() map[string]func(labels, value []byte) {
	number := func(value []byte) float64 {
		n, _ := strconv.ParseFloat(string(value), 64)
		return n
	}
	return map[string]func(labels, value []byte){
		"kubevitals_source_available": func(_, value []byte) {
			s.sources++
			s.sourcesAvailable += int(number(value))
		},
		"kubevitals_kubelet_available": func(labels, value []byte) {
			s.kubelets++
			s.kubeletsAvailable += int(number(value))
			if endpoint, ok := exposition.Label(labels, "endpoint"); ok {
				s.endpoints[endpoint] = true
			}
		},
		"kubevitals_scrape_collector_duration_seconds": func(labels, value []byte) {
			if name, ok := exposition.Label(labels, "collector"); ok {
				s.collectors[name] = number(value)
			}
		},
		"kubevitals_scrape_collector_success": func(labels, value []byte) {
			if name, ok := exposition.Label(labels, "collector"); ok && number(value) != 1 {
				s.failed = append(s.failed, name)
			}
		},
		"go_memstats_heap_inuse_bytes": func(_, value []byte) { s.heap = number(value) },
		"go_goroutines":                func(_, value []byte) { s.goroutines = number(value) },
	}
}
