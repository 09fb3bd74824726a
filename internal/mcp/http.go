package mcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// longestRequest bounds the body of a request in bytes: a question is short.
	longestRequest = 64 << 10
	// longestAnswering bounds the time of one call.
	longestAnswering = time.Minute
	// mostRequests bounds those that are answered at the same time.
	mostRequests = 8
	// versionHeader is what a client says from its second request on.
	versionHeader = "MCP-Protocol-Version"
)

// Handler answers over streamable HTTP: each POST is one message, and its answer is JSON.
// There are no sessions and no streams, so that any replica answers any request and nothing
// is kept of a client. A notification is answered with 202, and what cannot be taken with:
// 400 for what is no message of a version that the server speaks, 403 for a request that a
// page of a browser makes, 405 for other methods, 413 beyond 64 KiB, 415 for what is not
// JSON, 503 beyond 8 requests at once. A call that takes a minute ends with an error.
// Who may ask is for whoever serves the handler to say, as are the time to read a request
// and to write its answer.
func (s *Server) Handler() http.Handler {
	slots := make(chan struct{}, mostRequests)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if status, why := refused(r); status != 0 {
			if status == http.StatusMethodNotAllowed {
				w.Header().Set("Allow", http.MethodPost)
			}
			http.Error(w, why, status)
			return
		}
		s.post(w, r, slots)
	})
}

// refused tells with what a request is refused before it is read, and why; 0 is not at all.
func refused(r *http.Request) (int, string) {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, "this server has no streams and no sessions: send messages by POST"
	}
	// A browser says of each POST which page it is of, and assistants are no pages. So no
	// page can ask in the name of who looks at it, whatever name of the network its host has
	// been given since (DNS rebinding).
	if r.Header.Get("Origin") != "" {
		return http.StatusForbidden, "pages of browsers may not ask: the request has an Origin"
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return http.StatusUnsupportedMediaType, "send application/json"
	}
	if v := r.Header.Get(versionHeader); v != "" && !slices.Contains(versions(), v) {
		return http.StatusBadRequest, versionHeader + ": this version of the protocol is not spoken"
	}
	return 0, ""
}

// post answers one message. It is read before it takes a slot, so that a slow client holds
// up nobody.
func (s *Server) post(w http.ResponseWriter, r *http.Request, slots chan struct{}) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestRequest))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		http.Error(w, "the message is too long", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the message broke off", http.StatusBadRequest)
		return
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many questions at once, try again later", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), longestAnswering)
	defer cancel()
	answer := s.one(ctx, text)
	if len(answer) == 0 {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if bytes.HasPrefix(answer, []byte(`{"jsonrpc":"2.0","id":null,"error":`)) {
		w.WriteHeader(http.StatusBadRequest) // it was no message
	}
	_, _ = w.Write(answer) // a client that went away needs none
}

// one answers one message; of a notification nothing is returned, nor of a call that nobody
// waits for any more.
func (s *Server) one(ctx context.Context, text []byte) []byte {
	var answer bytes.Buffer
	own := &Server{Version: s.Version, Instructions: s.Instructions, Tools: s.Tools, w: &answer, running: map[string]context.CancelFunc{}}
	var calls sync.WaitGroup
	own.handle(ctx, text, &calls)
	calls.Wait()
	return answer.Bytes()
}
