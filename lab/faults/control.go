package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// socketName is the name of the socket in the folder of a lab by which other processes
// make it ill: who may open the folder may.
const socketName = "faults.sock"

// Serve lets other processes of the same user inject and heal faults until ctx ends, by a
// socket in the folder.
func (l *Lab) Serve(ctx context.Context, dir string) error {
	file := filepath.Join(dir, socketName)
	// A lab that was killed left it, and no other one has the folder.
	_ = os.Remove(file)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", file)
	if err != nil {
		return fmt.Errorf("socket for faults: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(l.Injected())
	})
	mux.HandleFunc("POST /faults/{name}", func(w http.ResponseWriter, r *http.Request) {
		chosen, err := Select(r.PathValue("name"))
		if err == nil {
			err = l.Inject(r.Context(), chosen[0])
		}
		answer(w, err)
	})
	mux.HandleFunc("DELETE /faults/{name}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, l.Heal(r.Context(), r.PathValue("name")))
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Remote is a lab of another process.
type Remote struct{ client *http.Client }

// Connect finds the lab whose folder is given, or else the only one that runs with a folder
// below the temporary one.
func Connect(ctx context.Context, dir string) (*Remote, error) {
	if dir != "" {
		r := remote(filepath.Join(dir, socketName))
		_, err := r.Injected(ctx)
		return r, err
	}
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "kubevitals-lab-*", socketName))
	if err != nil {
		return nil, err
	}
	var running []string
	for _, file := range files {
		if _, err := remote(file).Injected(ctx); err == nil {
			running = append(running, file)
		}
	}
	switch len(running) {
	case 0:
		return nil, errors.New("no lab runs; start one with kubevitals-lab up, or say with --dir where its folder is")
	case 1:
		return remote(running[0]), nil
	}
	return nil, fmt.Errorf("%d labs run; say with --dir which is meant: %s", len(running), strings.Join(running, ", "))
}

func remote(file string) *Remote {
	return &Remote{client: &http.Client{
		Timeout: startTime + 10*time.Second,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", file)
		}},
	}}
}

// Injected are the names of the faults that are there, sorted.
func (r *Remote) Injected(ctx context.Context) ([]string, error) {
	var names []string
	return names, r.ask(ctx, http.MethodGet, "", &names)
}

// Inject makes the lab ill.
func (r *Remote) Inject(ctx context.Context, name string) error {
	return r.ask(ctx, http.MethodPost, "/"+name, nil)
}

// Heal undoes a fault. It returns when what it starts again is ready.
func (r *Remote) Heal(ctx context.Context, name string) error {
	return r.ask(ctx, http.MethodDelete, "/"+name, nil)
}

func (r *Remote) ask(ctx context.Context, method, path string, into any) error {
	// The host is that of the socket, whatever stands here.
	request, err := http.NewRequestWithContext(ctx, method, "http://lab/faults"+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("the lab does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode >= http.StatusBadRequest:
		said := make([]byte, 1024)
		n, _ := response.Body.Read(said)
		return errors.New(strings.TrimSpace(string(said[:n])))
	case into == nil:
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// List is a text with a line for each fault, in which those that are injected are marked.
func List(injected []string) string {
	var b strings.Builder
	for _, f := range All() {
		mark := " "
		if slices.Contains(injected, f.Name) {
			mark = "*"
		}
		_, _ = fmt.Fprintf(&b, "%s %-28s %s\n", mark, f.Name, f.What)
	}
	return b.String()
}
