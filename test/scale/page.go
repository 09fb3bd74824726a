package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// page is what the status page costs.
type page struct {
	// look is how long the page takes that looks, and shown how long the one that
	// shows the same again.
	look, shown time.Duration
	size        int
	// peak is the most memory that the process had, after that.
	peak int64
}

// statusPage asks for the status page twice.
func (p *process) statusPage(ctx context.Context) (page, error) {
	var result page
	for _, took := range []*time.Duration{&result.look, &result.shown} {
		begun := time.Now()
		size, err := p.getPage(ctx)
		if err != nil {
			return result, fmt.Errorf("status page: %w", err)
		}
		*took, result.size = time.Since(begun), size
	}
	u, err := p.usage()
	result.peak = u.peak
	return result, err
}

func (p *process) getPage(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(p.url, "metrics"), nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", response.Status, body)
	}
	return len(body), nil
}
