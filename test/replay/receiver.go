package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Notification is one message that an on-call would get of something that fires.
type Notification struct {
	// At is the simulated time.
	At    time.Time
	Alert string
	// Alerts is how many it tells of.
	Alerts int
}

// receiver takes notifications as a pager does. Its clock is set before anything is sent.
type receiver struct {
	listener net.Listener
	server   *http.Server
	clock    clock

	mu  sync.Mutex
	all map[string][]Notification // by cluster
}

func startReceiver(ctx context.Context) (*receiver, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	r := &receiver{listener: l, all: map[string][]Notification{}}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(l) }() // ends with close
	return r, nil
}

func (r *receiver) url() string { return "http://" + r.listener.Addr().String() }

func (r *receiver) close() error { return r.server.Close() }

// take reads what Alertmanager posts: one group, with all its alerts that fire or have
// just ended.
func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	var told struct {
		Status      string
		GroupLabels map[string]string
		Alerts      []struct{ Status string }
	}
	if err := json.NewDecoder(request.Body).Decode(&told); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if told.Status != "firing" {
		return
	}
	n := Notification{At: r.clock.now(), Alert: told.GroupLabels["alertname"]}
	for _, a := range told.Alerts {
		if a.Status == told.Status {
			n.Alerts++
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	cluster := told.GroupLabels["cluster"]
	r.all[cluster] = append(r.all[cluster], n)
}

func (r *receiver) of(cluster string) []Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Notification(nil), r.all[cluster]...)
}
