package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Recorded is what was asked of an API server in the past. Nothing of it is a
// probe: those are of their moment.
type Recorded struct {
	// Server is host:port, or whatever name the server has in the record.
	Server string
	// StreamLimit is how many streams it allowed on one connection; 0 if unknown.
	StreamLimit uint32
	// Metrics opens the body of its metrics; nil if there is none, for the Reason.
	Metrics func() (io.ReadCloser, error)
	Reason  health.Reason
}

// replay reads the records once.
func (p *Prober) replay(ctx context.Context) {
	for n, r := range p.options.Recorded {
		if ctx.Err() != nil {
			return
		}
		m := Metrics{Reason: r.Reason}
		if r.Metrics != nil {
			var err error
			if m, err = p.recordedMetrics(r); err != nil {
				p.logger.WarnContext(ctx, "recorded metrics of an API server cannot be read", "server", r.Server, "err", err)
				m.Reason = health.Invalid
			}
		}
		m.At = p.now()
		p.mu.Lock()
		p.replayed[n].Metrics = m
		p.mu.Unlock()
	}
}

func (p *Prober) recordedMetrics(r Recorded) (Metrics, error) {
	body, err := r.Metrics()
	if err != nil {
		return Metrics{}, err
	}
	defer func() { _ = body.Close() }()
	m, err := countBody(body, p.options.Exposition)
	m.Reason = health.Classify(err)
	return m, err
}

// countBody counts the metrics in a body.
func countBody(body io.Reader, o exposition.Options) (Metrics, error) {
	m := Metrics{Watches: map[string]int64{"configmaps": 0, "secrets": 0}, Rejected: map[Flow]float64{}}
	o.Visit = map[string]func(labels, value []byte){
		"apiserver_longrunning_requests": m.countWatch, "apiserver_flowcontrol_rejected_requests_total": m.countRejected,
	}
	var err error
	if m.Report, err = exposition.Parse(body, o); err != nil {
		return m, fmt.Errorf("parse /metrics: %w", err)
	}
	return m, nil
}

// ReadMetrics asks the API server at host:port for its metrics and hands the body
// to read. The server of the configuration is asked as the configuration says.
func ReadMetrics(ctx context.Context, config *rest.Config, server string, read func(io.Reader) error) error {
	main, base, err := configured(config)
	if err != nil {
		return err
	}
	if server != main {
		base = "https://" + server
	}
	t, err := newTransport(config, server, server == main)
	if err != nil {
		return err
	}
	defer t.plain.CloseIdleConnections()
	client := &http.Client{
		Transport:     t.authenticated,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metrics", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("get /metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return &statusError{response.StatusCode}
	}
	if err := read(response.Body); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}
