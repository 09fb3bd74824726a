package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options say how the metrics are served.
type Options struct {
	// Timeout bounds every collector, whatever Prometheus would wait for.
	Timeout time.Duration
	// TimeoutOffset is kept back from Prometheus' own scrape timeout for the way.
	TimeoutOffset time.Duration
	// MaxRequests bounds concurrent scrapes; 0 means no bound.
	MaxRequests int
	// Self gathers the metrics of the process itself.
	Self prometheus.Gatherer
	// Ready are the checks of /readyz.
	Ready []Check
	// Pages serves every other path; nil for nothing.
	Pages http.Handler
	// Gathered is told what the collectors said in each scrape of all metrics; may be
	// nil. It must not change or keep it.
	Gathered func(Families)
}

// Check is one named condition of readiness.
type Check struct {
	Name string
	// Run returns nil if the condition holds; it must not block.
	Run func() error
}

// Handler returns what serves /metrics, /livez, /readyz and the pages for people.
func Handler(ctx context.Context, frame *Frame, o Options, logger *slog.Logger) (http.Handler, error) {
	// A throw-away registration finds two collectors that disagree on a metric
	// at the start instead of at every scrape.
	if err := prometheus.NewRegistry().Register(frame.Bind(ctx)); err != nil {
		return nil, fmt.Errorf("register the collectors: %w", err)
	}
	frame.bound(o.Timeout)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics(frame, o, logger))
	mux.HandleFunc("GET /livez", live)
	mux.HandleFunc("GET /readyz", ready(o.Ready, true))
	if o.Pages != nil {
		mux.Handle("GET /", o.Pages)
	}
	return mux, nil
}

// metrics serves the metrics of the process and, under this request's deadline, those
// of the collectors.
func metrics(frame *Frame, o Options, logger *slog.Logger) http.Handler {
	serve := func(w http.ResponseWriter, r *http.Request) {
		timeout, err := scrapeTimeout(r.Header, o)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		if gone(r) {
			return
		}
		own, err := o.Self.Gather()
		if err != nil {
			// One bad metric must not cost the on-call all the others.
			logger.ErrorContext(ctx, "gather the metrics of the process", "err", err)
		}
		// Who asks for a few metrics does not pay for the others.
		names := r.URL.Query()["name[]"]
		families, err := frame.scrape(ctx, frame.sending(names))
		if err != nil {
			logger.ErrorContext(ctx, "gather the metrics of the collectors", "err", err)
		}
		if o.Gathered != nil && len(names) == 0 {
			o.Gathered(families)
		}
		if gone(r) {
			return
		}
		if err := (exposition{own, families}).only(names).serve(w, r); err != nil {
			logger.DebugContext(ctx, "the client went away during a scrape", "err", err)
		}
	}
	return limit(o.MaxRequests, http.HandlerFunc(serve))
}

// gone tells whether nobody waits for the answer any more: it would take the place of one
// that somebody waits for.
func gone(r *http.Request) bool { return r.Context().Err() != nil }

// limit answers 503 to requests beyond the bound instead of queueing them.
func limit(most int, next http.Handler) http.Handler {
	if most <= 0 {
		return next
	}
	slots := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			http.Error(w, fmt.Sprintf("more than %d concurrent scrapes, try again later", most), http.StatusServiceUnavailable)
		}
	})
}

const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// scrapeTimeout is the smaller of our own bound and what Prometheus will wait,
// less the offset.
func scrapeTimeout(h http.Header, o Options) (time.Duration, error) {
	text := h.Get(timeoutHeader)
	if text == "" {
		return o.Timeout, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) {
		return 0, fmt.Errorf("header %s: %q is not a positive number of seconds", timeoutHeader, text)
	}
	timeout := time.Duration(min(seconds, o.Timeout.Seconds()+o.TimeoutOffset.Seconds()) * float64(time.Second))
	if timeout > o.TimeoutOffset {
		timeout -= o.TimeoutOffset
	}
	return timeout, nil
}
