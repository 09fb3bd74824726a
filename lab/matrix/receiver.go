package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// labels are those of an alert.
type labels map[string]string

// notification is one message that an on-call would get.
type notification struct {
	at     time.Time
	firing bool
	alerts []labels
}

// receiver takes notifications as a pager does.
type receiver struct {
	listener net.Listener
	server   *http.Server

	mu  sync.Mutex
	all []notification
}

func startReceiver(ctx context.Context) (*receiver, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	r := &receiver{listener: l}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

func (r *receiver) url() string { return "http://" + r.listener.Addr().String() }

func (r *receiver) close() { _ = r.server.Close() }

// take reads what Alertmanager posts: one group, with all its alerts that fire or have just
// ended.
func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	var told struct {
		Status string
		Alerts []struct {
			Status string
			Labels labels
		}
	}
	if err := json.NewDecoder(request.Body).Decode(&told); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n := notification{at: time.Now(), firing: told.Status == "firing"}
	for _, a := range told.Alerts {
		if a.Status == told.Status {
			n.alerts = append(n.alerts, a.Labels)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, n)
}

// firingSince are the notifications of something that fires since a time.
func (r *receiver) firingSince(since time.Time) []notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []notification
	for _, n := range r.all {
		if n.firing && n.at.After(since) {
			all = append(all, n)
		}
	}
	return all
}
